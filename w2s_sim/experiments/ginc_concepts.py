"""GINC-like concepts: languages that differ in how the properties of an entity follow one another.

After the synthetic data set of Xie et al. 2022, arXiv 2111.02080. The construction differs, but has the same
parts: a hidden state is a pair of an entity and a property, a memory maps states to symbols, entities persist
in the same way in all concepts, and each concept moves between properties by its own mixture of permutations.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from w2s_sim._checks import require_between, require_count
from w2s_sim.concepts import HiddenMarkovModel, PromptModel
from w2s_sim.errors import InputError
from w2s_sim.randomness import Seed, generator_of

DELIMITER = 0
NUM_PERMUTATIONS = 3


class Languages(NamedTuple):
    """The concepts, in two forms: as the strong model learned them, and as examples are drawn.

    Attributes:
        documents: Model of the documents that the strong model learned: sentences of random length, each
            followed by a delimiter.
        examples: Model of one example: the language within a sentence that does not end, from an initial
            property that the author of the prompt chooses. It has the same concepts and hidden states as
            `documents`.
    """

    documents: PromptModel
    examples: HiddenMarkovModel


def ginc_languages(
    length: int,
    *,
    num_concepts: int = 5,
    num_entities: int = 10,
    num_properties: int = 10,
    num_symbols: int = 50,
    wanted: int | None = None,
    separation: float = 1.0,
    habit: float = 0.0,
    persistence: float = 0.9,
    ending: float = 0.1,
    slip: float = 0.02,
    seed: Seed = 0,
) -> Languages:
    """Make languages over one alphabet. The documents' prior is uniform.

    Args:
        length: Number of symbols in an example, >= 2; the last symbol is to be predicted.
        num_concepts: K >= 2.
        num_entities: Number of entities >= 1.
        num_properties: Number of properties >= 2, without the delimiter's.
        num_symbols: Number of symbols V >= 3, including the delimiter.
        wanted: Index of the language of all examples; if None, the language is uniformly random.
        separation: In [0, 1]: share of the properties after which each language has its own transitions;
            after the other properties all languages have the same transitions. At 0 the languages are equal.
        habit: In [0, 1]: share of sentences that begin at the first property of the examples, in all
            languages but the last. Sentences of the last language begin anywhere, so that at every delimiter,
            examples in it look more like the other languages.
        persistence: In [0, 1]: probability that the entity stays; otherwise the entity is drawn uniformly.
        ending: In (0, 1): probability that a sentence ends after a symbol.
        slip: In (0, 1): share of symbols that are replaced by a uniformly random symbol, so that every symbol
            has positive probability.
        seed: Seed of the memory and the permutations, in [0, 2^64).

    Raises:
        InputError: Naming the argument, if it is out of its range.
    """
    require_count("length", length, 2)
    for name, size, least in (
        ("num_concepts", num_concepts, 2),
        ("num_entities", num_entities, 1),
        ("num_properties", num_properties, 2),
        ("num_symbols", num_symbols, 3),
    ):
        require_count(name, size, least)
    if wanted is not None and not -num_concepts <= wanted < num_concepts:
        raise InputError("wanted", wanted, f"one of the {num_concepts} languages")
    for name, share in (("separation", separation), ("habit", habit), ("persistence", persistence)):
        require_between(name, share, 0.0, 1.0)
    for name, share in (("ending", ending), ("slip", slip)):
        require_between(name, share, 0.0, 1.0, open_low=True)
    generator = generator_of(seed)
    entities = persistence * np.eye(num_entities) + (1.0 - persistence) / num_entities
    common, *own = (_permutations(num_properties, generator) for _ in range(num_concepts + 1))
    num_common = num_properties - round(separation * num_properties)
    steps = np.stack([np.vstack([common[:num_common], matrix[num_common:]]) for matrix in own])

    # Property 0 belongs to the delimiter; property 1 is the first property of examples.
    first = np.eye(num_properties)[0]
    habits = np.full(num_concepts, habit)
    habits[-1] = 0.0
    beginnings = habits[:, None] * first + (1.0 - habits[:, None]) / num_properties
    inside = np.zeros((num_concepts, num_properties + 1, num_properties + 1))
    inside[:, 1:, 1:] = steps
    inside[:, 0, 1:] = beginnings
    whole = inside.copy()
    whole[:, 1:, 1:] *= 1.0 - ending
    whole[:, 1:, 0] = ending

    memory = generator.integers(1, num_symbols, (num_entities, num_properties + 1))
    memory[:, 0] = DELIMITER
    shown = (1.0 - slip) * np.eye(num_symbols)[memory.ravel()] + slip / num_symbols
    emission = np.broadcast_to(shown, (num_concepts, *shown.shape))

    anywhere = np.full(num_entities, 1.0 / num_entities)

    def initial(properties: Float[np.ndarray, "K p"]) -> Float[np.ndarray, "K s"]:
        with_delimiter = np.pad(properties, ((0, 0), (1, 0)))
        return np.stack([np.kron(anywhere, row) for row in with_delimiter])

    def transition(properties: Float[np.ndarray, "K p p"]) -> Float[np.ndarray, "K s s"]:
        return np.stack([np.kron(entities, matrix) for matrix in properties])

    even = np.full(num_concepts, 1.0 / num_concepts)
    asked = even if wanted is None else np.eye(num_concepts)[wanted]
    chosen = np.broadcast_to(first, (num_concepts, num_properties))
    return Languages(
        PromptModel(even, initial(beginnings), transition(whole), emission, length, DELIMITER),
        HiddenMarkovModel(asked, initial(chosen), transition(inside), emission, length),
    )


def _permutations(size: int, generator: np.random.Generator) -> Float[np.ndarray, "p p"]:
    """Draw a mixture of a few permutations, sorted by weight."""
    weights = np.sort(generator.dirichlet(np.ones(NUM_PERMUTATIONS)))[::-1]
    matrices = [np.eye(size)[generator.permutation(size)] for _ in weights]
    return np.tensordot(weights, np.stack(matrices), 1)
