"""Concepts in the manner of GINC: languages that differ in how an entity's properties follow one another.

After the synthetic data set of Xie et al. 2022, arXiv 2111.02080. The construction is ours, of the same
parts: a hidden state is an entity and a property, a memory says which symbol they show, entities persist
alike in all concepts, and the properties follow a mixture of permutations that is the concept's own.
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
    """Concepts as documents show them, and as examples are drawn from them.

    Attributes:
        documents: What the strong model learned: sentences of changing length, a delimiter after each.
        examples: Law of one example: the language inside a sentence that does not end, from a first property
            that the author of the prompt has chosen. Concept by concept, with the same hidden states.
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
    """Languages of one alphabet. The documents' prior is even.

    Args:
        length: Symbols of an example, the last one to be predicted; >= 2.
        num_concepts: K >= 2.
        num_entities: >= 1.
        num_properties: >= 2, the delimiter's not counted.
        num_symbols: V >= 3, the delimiter among them.
        wanted: Index of the language that examples are of; left out, it is any of them, evenly.
        separation: In [0, 1]: share of the properties after which a language goes on in its own way; after
            the others all go on alike. At 0 the languages are one.
        habit: In [0, 1]: share of sentences that begin at the first property of the examples, in all
            languages but the last. The last begins anywhere: examples in it look, at every
            delimiter, more like the others.
        persistence: In [0, 1]: probability that the entity stays.
        ending: In (0, 1): probability that a sentence ends after a symbol.
        slip: In (0, 1): share of symbols that are any symbol instead, so that nothing is impossible.
        seed: Of the memory and the permutations, in [0, 2^64).

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

    # Property 0 is the delimiter's, property 1 the one that examples start with.
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
    """A mixture of a few permutations, most of it the first."""
    weights = np.sort(generator.dirichlet(np.ones(NUM_PERMUTATIONS)))[::-1]
    matrices = [np.eye(size)[generator.permutation(size)] for _ in weights]
    return np.tensordot(weights, np.stack(matrices), 1)
