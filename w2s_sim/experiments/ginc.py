"""In-context learning on GINC-like languages, and its weak-to-strong version.

After Xie et al. 2022, arXiv 2111.02080: the exact Bayes predictor of documents reads a prompt of examples,
and does not know that every example starts afresh. In the weak-to-strong version, a weak language model has
written the last symbol of every example.

The metrics of a prompt are exact given the prompt. With q the law of the queried symbol, the accuracy is q of
the predicted symbol, the excess log loss is KL(q || prediction), and the shortfall is the gain in accuracy
from knowing the concept.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_count
from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.engine.replication import replicate
from w2s_sim.estimators import MaximumLikelihood
from w2s_sim.experiments.ginc_concepts import Languages
from w2s_sim.metrics import kl_divergence
from w2s_sim.randomness import Seed
from w2s_sim.tasks.task import WeakData
from w2s_sim.verify.intervals import sample_summary

METRICS = ("accuracy", "shortfall", "excess_loss")
# Prompts computed at once; the number of prompts is usually a few hundred, and a multiple of this.
LANES = 50


class Prompt(eqx.Module):
    """A prompt whose examples and query have the same concept.

    Attributes:
        examples: n examples of L symbols; the last symbol of an example is its label.
        query: The L - 1 symbols whose next symbol is to be predicted.
        wanted: The law q of the queried symbol, shape (V,).
        concept: Index of the concept of the examples and the query.
    """

    examples: Int[Array, "n L"]
    query: Int[Array, " T"]
    wanted: Float[Array, " V"]
    concept: Int[Array, ""]


def sample_prompt(
    languages: Languages,
    num_examples: int,
    weak: HiddenMarkovModel | None = None,
    *,
    key: Key[Array, ""],
) -> Prompt:
    """Sample a prompt.

    Args:
        languages: The concepts; the concept of the prompt is drawn from the prior of the examples.
        num_examples: Number of examples n >= 0.
        weak: The weak language model, which labels every example with its own version of the concept;
            without it, the labels are correct.
        key: Typed PRNG key.
    """
    concept_key, example_key, label_key = jax.random.split(key, 3)
    model = languages.examples
    concept = model.sample_concepts(1, key=concept_key)[0]
    concepts = jnp.full(num_examples + 1, concept)
    symbols = model.sample_labels(jnp.zeros((num_examples + 1, 0), dtype=int), concepts, key=example_key)
    if weak is not None:
        log_labels = weak.log_next_symbol(symbols[:, :-1])[:, concept]
        symbols = symbols.at[:, -1].set(jax.random.categorical(label_key, log_labels))
    query = symbols[-1, :-1]
    wanted = jnp.exp(model.log_next_symbol(query[None])[0, concept])
    return Prompt(symbols[:-1], query, wanted, concept)


# Function of the languages, the weak model and a prompt; returns the predicted law of the queried symbol.
Predictor = Callable[[Languages, HiddenMarkovModel | None, Prompt], Float[Array, " V"]]


def refined(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """Predict in context: the strong model reads the examples, then the query."""
    return jnp.exp(languages.documents.predict_next(prompt.examples, prompt.query).log_next)


def unaligned(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """Predict with the strong model under its source prior, from the query alone."""
    return jnp.exp(languages.documents.predict_next(prompt.examples[:0], prompt.query).log_next)


def informed(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """Predict from the query with the strong model and the true concept: the ceiling of prior transfer."""
    return jnp.exp(languages.documents.log_next_symbol(prompt.query[None])[0, prompt.concept])


def imitated(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """Predict with the weak model: the limit of fine-tuning as the number of weak labels grows."""
    assert weak is not None
    return jnp.exp(weak.log_next_symbol(prompt.query[None])[0, prompt.concept])


@dataclasses.dataclass(frozen=True)
class Finetuned:
    """Naive fine-tuning in the limit of many weak labels, with a penalty towards the source.

    The minimiser of KL(weak || p) + eta KL(source || p) over all laws p is (weak + eta source) / (1 + eta):
    the mixture with weight 1 / (1 + eta) on the weak model.

    Attributes:
        weight: Weight on the weak model, 1 / (1 + eta).
    """

    weight: float

    def __call__(
        self, languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt
    ) -> Float[Array, " V"]:
        source = unaligned(languages, weak, prompt)
        return self.weight * imitated(languages, weak, prompt) + (1.0 - self.weight) * source


def prior_finetuned(
    languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt
) -> Float[Array, " V"]:
    """Predict from the query alone, with the concept prior of largest likelihood for the examples.

    This is naive fine-tuning of the prior: it treats every example as a draw of its own concept, labelled by
    the strong model.
    """
    model = languages.documents
    if prompt.examples.shape[0] == 0:
        return unaligned(languages, weak, prompt)
    data = WeakData(jnp.zeros((prompt.examples.shape[0], 0), dtype=int), prompt.examples)
    fit = MaximumLikelihood(num_weak=prompt.examples.shape[0]).fitted(model, data)
    return jnp.exp(model.with_prior(fit.prior).predict_next(prompt.examples[:0], prompt.query).log_next)


class World(eqx.Module):
    """One set of languages, and the weak model of its prompts.

    Attributes:
        languages: The set of languages.
        weak: The weak language model; None for correct labels.
        number: Index of the set among all sets, so that each set has its own prompts.
    """

    languages: Languages
    weak: HiddenMarkovModel | None
    number: Int[Array, ""]


@dataclasses.dataclass(frozen=True)
class Scores:
    """Measured quantity: the metrics of all predictors on one prompt.

    Attributes:
        predictors: The predictors, which all see the same prompt.
        num_examples: Number of examples n.
    """

    predictors: tuple[Predictor, ...]
    num_examples: int

    def __call__(self, key: Key[Array, ""], world: World) -> Float[Array, " predictors_metrics"]:
        languages, weak = world.languages, world.weak
        own_key = jax.random.fold_in(key, world.number)
        prompt = sample_prompt(languages, self.num_examples, weak, key=own_key)

        def accuracy(law: Float[Array, " V"]) -> Float[Array, ""]:
            return prompt.wanted[jnp.argmax(law)]

        ceiling = accuracy(informed(languages, weak, prompt))
        scores = []
        for predictor in self.predictors:
            law = predictor(languages, weak, prompt)
            scores += [accuracy(law), ceiling - accuracy(law), kl_divergence(prompt.wanted, law)]
        return jnp.stack(scores)


def in_context_scores(
    predictors: Mapping[str, Predictor],
    worlds: Sequence[Languages],
    num_examples: int,
    *,
    weak: Callable[[HiddenMarkovModel], HiddenMarkovModel] | None = None,
    num_prompts: int = 500,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Estimate the accuracy and the excess log loss of predictors on the same prompts.

    Args:
        predictors: Predictors by name.
        worlds: Sets of languages, all of the same size; each set gets the same number of prompts.
        num_examples: Number of examples n >= 0 in context.
        weak: Makes the weak language model from the law of the examples; without it, the labels are
            correct.
        num_prompts: Number of prompts per set of languages, >= 2.
        seed: Seed of the prompts, in [0, 2^64).

    Returns:
        One row per predictor: its name, accuracy and shortfall (probabilities) and excess_loss (nats), each
        with its Monte Carlo standard error for these sets of languages.

    Raises:
        InputError: If a count or the seed is out of range.
    """
    require_count("num_examples", num_examples, 0)
    require_count("num_prompts", num_prompts, 2)
    measure = Scores(tuple(predictors.values()), num_examples)
    means, errors = [], []
    for number, languages in enumerate(worlds):
        world = World(languages, None if weak is None else weak(languages.examples), jnp.asarray(number))
        scores = replicate(measure, world, seed=seed, start=0, stop=num_prompts, lanes=LANES)
        summaries = [sample_summary(column) for column in scores.T]
        means.append([mean for mean, _ in summaries])
        errors.append([error for _, error in summaries])
    # The sets are fixed strata of equal size.
    shape = (len(predictors), len(METRICS))
    mean = np.mean(means, axis=0).reshape(shape)
    error = np.linalg.norm(errors, axis=0).reshape(shape) / len(worlds)
    rows = []
    for index, name in enumerate(predictors):
        row: dict[str, object] = {"predictor": name, "num_examples": num_examples}
        for column, metric in enumerate(METRICS):
            row |= {metric: float(mean[index, column]), f"{metric}_se": float(error[index, column])}
        rows.append(row)
    return pd.DataFrame(rows)
