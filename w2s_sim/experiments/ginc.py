"""In-context learning on GINC-like languages, and its weak-to-strong version.

After Xie et al. 2022, arXiv 2111.02080: a prompt of examples is read by the exact Bayes predictor of the
documents, which does not know that every example begins anew. In the weak-to-strong version a weak language
model wrote the last symbol of every example.

A prompt's numbers are exact given the prompt: with q the law of the queried symbol, accuracy is q of the
symbol predicted, excess log loss is KL(q || prediction), and the shortfall is the accuracy that knowing the
concept would add.
"""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_count
from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.estimators import MaximumLikelihood
from w2s_sim.experiments.ginc_concepts import Languages
from w2s_sim.metrics import kl_divergence
from w2s_sim.randomness import Seed, key_of
from w2s_sim.tasks.task import WeakData
from w2s_sim.verify.intervals import sample_summary

METRICS = ("accuracy", "shortfall", "excess_loss")
# Prompts computed at once: memory stays small for the longest of them.
CHUNK = 250


class Prompt(eqx.Module):
    """A prompt of one concept.

    Attributes:
        examples: n examples of L symbols; the last one of each is its label.
        query: The L - 1 symbols whose continuation is asked for.
        wanted: q, the law of the queried symbol, shape (V,).
        concept: The concept that all of them show.
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
    """A prompt of one concept.

    Args:
        languages: The concepts; the prompt's is drawn from the prior of their examples.
        num_examples: n >= 0.
        weak: The weak language model, that labels every example in its own version of the concept; without
            one the labels are right.
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


# From the languages, the weak model and a prompt to the predicted law of the queried symbol.
Predictor = Callable[[Languages, HiddenMarkovModel | None, Prompt], Float[Array, " V"]]


def refined(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """In context: the strong model reads the examples, then the query."""
    return jnp.exp(languages.documents.predict_next(prompt.examples, prompt.query).log_next)


def unaligned(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """The strong model under its source prior reads the query alone."""
    return jnp.exp(languages.documents.predict_next(prompt.examples[:0], prompt.query).log_next)


def informed(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """The strong model is told the concept, and reads the query alone: the ceiling of prior transfer."""
    return jnp.exp(languages.documents.log_next_symbol(prompt.query[None])[0, prompt.concept])


def imitated(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Float[Array, " V"]:
    """The weak model itself: what fine-tuning on ever more weak labels ends in."""
    assert weak is not None
    return jnp.exp(weak.log_next_symbol(prompt.query[None])[0, prompt.concept])


def finetuned(weight: float) -> Predictor:
    """Naive fine-tuning in the limit of many weak labels, held to the source by a penalty.

    The least of KL(weak || p) + eta KL(source || p) over all laws p is (weak + eta source) / (1 + eta), the
    mixture with weight 1 / (1 + eta) on the weak model.
    """

    def predict(languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt) -> Array:
        mixed = (imitated, weight), (unaligned, 1.0 - weight)
        return sum((share * rule(languages, weak, prompt) for rule, share in mixed), start=jnp.zeros(()))

    return predict


def prior_finetuned(
    languages: Languages, weak: HiddenMarkovModel | None, prompt: Prompt
) -> Float[Array, " V"]:
    """Naive fine-tuning of the concept prior: likeliest for the examples read one by one, then the query.

    Every example is held for one of a concept of its own, labelled by the strong model.
    """
    model = languages.documents
    if prompt.examples.shape[0] == 0:
        return unaligned(languages, weak, prompt)
    data = WeakData(jnp.zeros((prompt.examples.shape[0], 0), dtype=int), prompt.examples)
    fit = MaximumLikelihood(num_weak=prompt.examples.shape[0]).fitted(model, data)
    return jnp.exp(model.with_prior(fit.prior).predict_next(prompt.examples[:0], prompt.query).log_next)


@eqx.filter_jit
def _prompts(
    languages: Languages, weak: HiddenMarkovModel | None, num_examples: int, keys: Key[Array, "c r"]
) -> tuple[Prompt, Float[Array, "c r V"]]:
    """Prompts in chunks, and what whoever is told the concept predicts: the same for all predictors."""

    def prompt_of(key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " V"]]:
        prompt = sample_prompt(languages, num_examples, weak, key=key)
        return prompt, informed(languages, weak, prompt)

    return jax.lax.map(jax.vmap(prompt_of), keys)


@eqx.filter_jit
def _scores(
    predictor: Predictor,
    languages: Languages,
    weak: HiddenMarkovModel | None,
    prompts: tuple[Prompt, Float[Array, "c r V"]],
) -> Float[Array, "c r metrics"]:
    def score(prompt: Prompt, told: Float[Array, " V"]) -> Float[Array, " metrics"]:
        predicted = predictor(languages, weak, prompt)
        accuracy, ceiling = (prompt.wanted[jnp.argmax(law)] for law in (predicted, told))
        return jnp.stack([accuracy, ceiling - accuracy, kl_divergence(prompt.wanted, predicted)])

    return jax.lax.map(lambda chunk: jax.vmap(score)(*chunk), prompts)


def in_context_scores(
    predictors: dict[str, Predictor],
    worlds: Sequence[Languages],
    num_examples: int,
    *,
    weak: Callable[[HiddenMarkovModel], HiddenMarkovModel] | None = None,
    num_prompts: int = 500,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Accuracy and excess log loss of predictors on the same prompts.

    Args:
        predictors: By name.
        worlds: Sets of languages, all of one size; every one gets as many prompts.
        num_examples: n >= 0 examples in context.
        weak: Makes the weak language model of the examples' law; right labels when left out.
        num_prompts: For each set of languages, >= 2.
        seed: Of the prompts, in [0, 2^64).

    Returns:
        One row a predictor: its name, accuracy and shortfall (probabilities) and excess_loss (nats), each
        with its Monte Carlo standard error, over these sets of languages.

    Raises:
        InputError: If a count or the seed is out of range.
    """
    require_count("num_examples", num_examples, 0)
    require_count("num_prompts", num_prompts, 2)
    seed_key = key_of(seed)
    # Chunks of one size, the last of them filled up: a shorter one would be compiled once more.
    num_chunks = -(-num_prompts // CHUNK)
    indices = jnp.arange(num_chunks * -(-num_prompts // num_chunks)).reshape(num_chunks, -1)
    labellers = [None if weak is None else weak(languages.examples) for languages in worlds]
    prompts = []
    for index, (languages, labeller) in enumerate(zip(worlds, labellers, strict=True)):
        root = jax.random.fold_in(seed_key, index)
        keys = jax.vmap(jax.vmap(lambda i, root=root: jax.random.fold_in(root, i)))(indices)
        prompts.append(_prompts(languages, labeller, num_examples, keys))
    rows = []
    for name, predictor in predictors.items():
        means, errors = [], []
        for languages, labeller, asked in zip(worlds, labellers, prompts, strict=True):
            scores = np.asarray(_scores(predictor, languages, labeller, asked))
            scores = scores.reshape(-1, len(METRICS))[:num_prompts]
            summaries = [sample_summary(scores[:, column]) for column in range(len(METRICS))]
            means.append([mean for mean, _ in summaries])
            errors.append([error for _, error in summaries])
        mean = np.mean(means, axis=0)
        # The sets are fixed: strata of one size.
        error = np.linalg.norm(errors, axis=0) / len(worlds)
        row: dict[str, object] = {"predictor": name, "num_examples": num_examples}
        for column, metric in enumerate(METRICS):
            row |= {metric: float(mean[column]), f"{metric}_se": float(error[column])}
        rows.append(row)
    return pd.DataFrame(rows)
