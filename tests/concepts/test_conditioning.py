"""What no concept can produce: the posterior is the prior, the evidence zero, and nothing is nan."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

import w2s_sim as w2s
from w2s_sim.concepts import (
    CategoricalModel,
    FiniteModel,
    GaussianConceptModel,
    HiddenMarkovModel,
    LatentConceptModel,
    PromptModel,
    RegressionModel,
    style_content_model,
)
from w2s_sim.concepts.conditioning import (
    block_sum,
    left_out,
    log_mixture,
    log_posterior,
    log_weights,
)
from w2s_sim.concepts.model import cumulative
from w2s_sim.estimators.iterated_refinement import refine_prior
from w2s_sim.estimators.maximum_likelihood import fit_prior
from w2s_sim.weak_data import WeakData

PRIOR = np.array([0.5, 0.3, 0.2])
# The last concept alone can show symbol 2, and none can show symbol 3.
LAWS = np.array([[0.6, 0.4, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0]])


def categorical(prior: np.ndarray = PRIOR) -> CategoricalModel:
    return CategoricalModel(jnp.asarray(prior), LAWS[:, None], [1.0])  # pyright: ignore[reportArgumentType]


def hidden_markov(kind: Any = HiddenMarkovModel, prior: np.ndarray = PRIOR) -> HiddenMarkovModel:
    """One symbol from one state: the same laws."""
    one = jnp.ones((3, 1))
    return kind(jnp.asarray(prior), one, one[..., None], jnp.asarray(LAWS[:, None]), length=1)


def style_content(prior: np.ndarray = PRIOR) -> CategoricalModel:
    """Three styles and one content, that shows one symbol."""
    return style_content_model(prior[:, None], LAWS[:, None], np.ones((1, 1, 1)))


MODELS = {
    "categorical": categorical,
    "hidden Markov": lambda prior=PRIOR: hidden_markov(HiddenMarkovModel, prior),
    "prompt": lambda prior=PRIOR: hidden_markov(PromptModel, prior),
    "style/content": style_content,
}


def data(model: FiniteModel, *symbols: int) -> tuple[jax.Array, jax.Array]:
    labels = jnp.array(symbols)
    if isinstance(model, HiddenMarkovModel):
        return jnp.zeros((len(symbols), 0), dtype=int), labels[:, None]
    return jnp.zeros_like(labels), labels


# Impossible under every concept; each possible, but not together; possible under a concept of weight zero.
CONTEXTS = [(3, 3), (0, 3), (2, 3)]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("symbols", CONTEXTS)
def test_posterior_stays_at_the_prior(kind: str, symbols: tuple[int, ...]) -> None:
    model = MODELS[kind]()
    pairs = data(model, *symbols)
    np.testing.assert_allclose(np.exp(model.log_posterior(*pairs)), PRIOR, rtol=1e-12)
    np.testing.assert_allclose(model.read(WeakData(*pairs)).prior, PRIOR, rtol=1e-12)
    assert model.log_evidence(*pairs) == -np.inf
    np.testing.assert_array_equal(model.log_joint(*pairs), -np.inf)
    with np.errstate(divide="ignore"):
        expected = np.log(PRIOR @ LAWS[:, list(symbols)])
    np.testing.assert_allclose(model.log_predictive(*pairs), expected, rtol=1e-12)


@pytest.mark.usefixtures("x64")
def test_together_impossible_and_possible_without_weight() -> None:
    for kind in ("categorical", "hidden Markov", "style/content"):
        model = MODELS[kind](np.array([0.6, 0.4, 0.0]))
        # Only the last concept, of weight zero, shows 2; the second shows nothing but 1.
        for symbols in ((2, 2), (0, 2)):
            found = model.log_posterior(*data(model, *symbols))
            np.testing.assert_allclose(np.exp(found), [0.6, 0.4, 0.0], rtol=1e-12)
            assert model.log_evidence(*data(model, *symbols)) == -np.inf
        # A demonstration that one concept excludes still decides.
        np.testing.assert_allclose(np.exp(model.log_posterior(*data(model, 0, 0))), [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("kind", ["categorical", "prompt"])
def test_no_derivative_is_nan(kind: str) -> None:
    @jax.jit
    def gradients(model: FiniteModel, pairs: tuple[jax.Array, jax.Array]) -> Any:
        def posterior(m: FiniteModel) -> jax.Array:
            return jnp.sum(jnp.exp(m.log_posterior(*pairs)) * jnp.arange(3.0))

        def evidence(m: FiniteModel) -> jax.Array:
            return jnp.exp(m.log_evidence(*pairs)) + jnp.sum(jnp.exp(m.log_predictive(*pairs)))

        return jax.grad(posterior)(model), jax.grad(evidence)(model)

    model = MODELS[kind](np.array([0.6, 0.4, 0.0]))
    for symbols in ((3, 3), (0, 2), (0, 1)):
        for leaf in jax.tree.leaves(gradients(model, data(model, *symbols))):
            assert np.all(np.isfinite(leaf))


def test_prompt_without_a_meaning() -> None:
    model = hidden_markov(PromptModel)
    assert isinstance(model, PromptModel)
    found = model.predict_next(jnp.array([[3], [3]]), jnp.array([1]))
    np.testing.assert_allclose(np.exp(found.log_posterior), PRIOR, rtol=1e-6)
    np.testing.assert_array_equal(found.log_next, -np.inf)


@pytest.mark.usefixtures("x64")
def test_estimators_ignore_what_no_concept_can_produce() -> None:
    """Maximum likelihood is that of the others; a round of refinement keeps the prior's share of it."""
    model = categorical()
    with_it, without = WeakData(*data(model, 0, 1, 1, 3, 2)), WeakData(*data(model, 0, 1, 1, 2))
    key = jax.random.key(0)
    for make in (
        lambda n: w2s.MaximumLikelihood(num_weak=n, tolerance=1e-9),
        lambda n: w2s.SmoothingUnknown(num_weak=n, shares=jnp.array([0.0]), tolerance=1e-9),
    ):
        found, expected = (
            make(n).transferred_prior(model, d, key=key) for n, d in ((5, with_it), (4, without))
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)
    one = w2s.IteratedRefinement(1, num_weak=5).refined_prior(model, with_it)
    rest = w2s.IteratedRefinement(1, num_weak=4).refined_prior(model, without)
    np.testing.assert_allclose(one, 0.8 * rest + 0.2 * PRIOR, atol=1e-12)
    for estimator in (
        w2s.ChannelUnknown(steps=20, num_weak=5),
        w2s.FrequencyProjection(num_weak=5),
        w2s.InContext(5),
        w2s.SmoothingUnknown(num_weak=5, shares=jnp.array([0.0, 0.5])),
    ):
        prior = np.asarray(estimator.transferred_prior(model, with_it, key=key))
        assert np.all(prior >= 0)
        assert prior.sum() == pytest.approx(1.0, abs=1e-6)


def test_maximum_likelihood_with_log_likelihoods_hundreds_of_nats_apart() -> None:
    """A weight of zero stays zero, one that nearly vanishes in a step comes back, and none is nan."""
    far = jnp.array([[0.0, -300.0, 300.0], [-300.0, 0.0, 300.0]])
    found = fit_prior(jnp.array([0.5, 0.5, 0.0]), far, 1e-6)
    np.testing.assert_allclose(found.prior, [0.5, 0.5, 0.0], atol=1e-6)
    back = fit_prior(jnp.array([1e-25, 1.0 - 1e-25, 0.0]), far, 1e-6)
    np.testing.assert_allclose(back.prior, [0.5, 0.5, 0.0], atol=1e-4)
    assert np.all(np.isfinite(refine_prior(jnp.array([0.5, 0.5, 0.0]), far, jnp.array([0.5, 0.5]))))


def test_leave_one_out_counts_exclusions() -> None:
    logs = jnp.log(jnp.array([[0.5, 0.2], [0.0, 0.3], [0.4, 0.0]]))
    with np.errstate(divide="ignore"):
        expected = np.log(np.array([[0.0, 0.0], [0.2, 0.0], [0.0, 0.06]]))
    np.testing.assert_allclose(left_out(logs), expected, rtol=1e-6)


@pytest.mark.parametrize("law", ["regression", "categorical"])
def test_long_contexts_in_float32(law: str) -> None:
    """100,000 demonstrations: log joint to 1e-4 of itself, and log odds far better than its rounding."""
    generator, size = np.random.default_rng(1), 100_000
    model: LatentConceptModel
    if law == "regression":
        inputs, labels = generator.normal(size=(size, 1)), generator.normal(size=size) + 30.0
        model = RegressionModel([0.5, 0.5], [[0.0], [0.001]], 1.0)  # pyright: ignore[reportArgumentType]
    else:
        inputs, labels = np.zeros(size, dtype=int), np.ones(size, dtype=int)
        model = CategoricalModel([0.5, 0.5], [[[0.4, 0.6]], [[0.40001, 0.59999]]], [1.0])  # pyright: ignore
    single = tuple(
        jnp.asarray(part, dtype=jnp.float32 if part.dtype == float else int) for part in (inputs, labels)
    )
    found, odds = (np.asarray(f(*single), float) for f in (model.log_joint, model.log_posterior))
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), model)
        terms = np.asarray(exact.log_likelihood(*(jnp.asarray(np.asarray(part)) for part in single)))
    expected = np.log(0.5) + np.array([np.sum(column) for column in terms.T])
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    spread = expected - logsumexp(expected)
    np.testing.assert_allclose(odds[1] - odds[0], spread[1] - spread[0], rtol=0.05, atol=0.05)


def test_sums_of_a_constant_do_not_drift() -> None:
    for size in (0, 1, 256, 257, 100_000, 1_000_003):
        found = float(block_sum(jnp.full(size, 0.1, dtype=jnp.float32)))
        assert found == pytest.approx(size * float(np.float32(0.1)), rel=1e-5)


def test_evidence_of_a_continuum_in_a_long_context() -> None:
    generator = np.random.default_rng(2)
    inputs, labels = generator.normal(size=(20_000, 1)), generator.normal(size=20_000)
    with jax.enable_x64(True):
        model = GaussianConceptModel([0.0], [[0.5]], 1.0)  # pyright: ignore[reportArgumentType]
        exact = float(model.log_evidence(jnp.asarray(inputs), jnp.asarray(labels)))
    model = GaussianConceptModel([0.0], [[0.5]], 1.0)  # pyright: ignore[reportArgumentType]
    found = float(model.log_evidence(jnp.asarray(inputs, dtype=float), jnp.asarray(labels, dtype=float)))
    assert found == pytest.approx(exact, rel=1e-4)


def test_rules_of_bayes_in_logarithms() -> None:
    with jax.enable_x64(True):
        prior, logs = np.array([0.2, 0.0, 0.8]), np.array([[-800.0, -3.0, -900.0], [-1.0, -2.0, -np.inf]])
        joint = np.log(0.2) + logs[:, 0], np.log(0.8) + logs[:, 2]
        total = np.logaddexp(*joint)
        found = log_mixture(log_weights(jnp.asarray(prior)), jnp.asarray(logs))
        np.testing.assert_allclose(found, total, rtol=1e-12)
        posterior = log_posterior(log_weights(jnp.asarray(prior)), jnp.asarray(logs))
        np.testing.assert_allclose(posterior[:, 0], joint[0] - total, atol=1e-12)
        np.testing.assert_array_equal(posterior[:, 1], -np.inf)


def test_what_has_probability_zero_is_never_drawn() -> None:
    """Prefix sums stay exactly what they are at a zero, whatever their order of summation."""
    generator = np.random.default_rng(3)
    weights = generator.dirichlet(np.ones(65_536)) * (generator.random(65_536) < 0.5)
    weights[-1] = weights[0] = 0.0
    rows = jnp.asarray(weights / weights.sum(), dtype=jnp.float32)
    steps = np.asarray(cumulative(rows))
    assert np.all(np.diff(steps) >= 0)
    assert not np.any(np.diff(steps)[weights[1:] == 0])
    model = CategoricalModel(rows, jnp.ones((65_536, 1, 1)), [1.0])  # pyright: ignore[reportArgumentType]
    drawn = np.asarray(model.sample_concepts(100_000, key=jax.random.key(4)))
    assert np.all(weights[drawn] > 0)
    few = categorical()
    expected = jax.random.choice(jax.random.key(5), 3, (1000,), p=few.prior)
    np.testing.assert_array_equal(few.sample_concepts(1000, key=jax.random.key(5)), expected)
