"""Small examples of every kind of thing that users can add, by name. The suites run every one of them."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import jax
import jax.numpy as jnp

import w2s_sim as w2s
from tests.conformance.texts import TextPairs, tiny_in_context
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.laws.noise import NoiseLaw
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import Task
from w2s_sim.weak_data import WeakData

FACTOR = [[1.5, 0.2, 0.0], [-0.4, 0.7, 0.3], [0.1, 0.0, 2.0]]


def regression() -> w2s.TransferTask:
    """A small regression task with a mixed target."""
    return w2s.regression_task(6, 3, source_prior=[0.5, 0.3, 0.2], target_prior=[0.2, 0.0, 0.8])


def shifted() -> w2s.ShiftedTarget:
    task = regression()
    return w2s.ShiftedTarget(
        task.features, task.source, task.target_prior, task.supervisor, 0.3 * jnp.eye(6)[5]
    )


def mapped_capacity() -> w2s.CapacityTask:
    """A teacher with the features 1, z, z^2 and a student with 1, z, z^3, of one input z."""
    return w2s.capacity_task(
        4,
        features=w2s.MappedFeatures(w2s.UniformCube(1), w2s.PolynomialMap(1, 3)),
        target=[0.0, 1.0, 0.5, 0.5],
        weak_features=jnp.eye(4)[:, :3],
        strong_features=jnp.eye(4)[:, [0, 1, 3]],
        ridge=0.1,
    )


def tables() -> w2s.FiniteTask:
    task = table_task()
    return w2s.FiniteTask(task.source, jnp.array([0.2, 0.0, 0.2, 0.6]), task.supervisor)


TASKS: dict[str, Callable[[], Task[Any, Any]]] = {
    "regression": regression,
    "regression, biased, Laplace noise": lambda: w2s.regression_task(
        7,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.0, 0.0, 1.0],
        law=w2s.LaplaceNoise(),
        features=w2s.Anisotropic(w2s.UniformCube(7), 0.5 * jnp.eye(7)),
    ),
    "target outside the hull": shifted,
    "capacity": lambda: w2s.capacity_task(9, 4, 3, 2.2, num_true=12, weak_noise=0.2),
    "capacity, population teacher, mapped features": mapped_capacity,
    "categorical": tables,
    "hidden Markov": language_task,
    "style and content": style_content_task,
}


def prompts() -> w2s.PromptModel:
    model: Any = language_task().source
    return w2s.PromptModel(model.prior, model.initial, model.transition, model.emission, length=model.length)


class SamplesWeak(Protocol):
    """What draws weak pairs, such as a task."""

    def sample_weak(self, num_weak: int, *, key: Any) -> WeakData: ...


# Each with a task whose weak pairs it can read.
STRONG_MODELS: dict[str, tuple[Callable[[], StrongModel], Callable[[], SamplesWeak]]] = {
    "regression": (lambda: regression().source, regression),
    "gaussian": (lambda: w2s.GaussianConceptModel(jnp.zeros(6), 0.4 * jnp.eye(6), 0.5), regression),
    "categorical": (lambda: tables().source, tables),
    "hidden markov": (lambda: language_task().source, language_task),
    "style and content": (lambda: style_content_task().source, style_content_task),
    "prompt": (prompts, language_task),
    "language model": (tiny_in_context, TextPairs),
}

NUM = 12
# Each with the tasks that it is for.
REGRESSION, FINITE, BOTH = ("regression",), ("categorical",), ("regression", "categorical", "hidden Markov")
FINETUNING = ("regression", "capacity")
ESTIMATORS: dict[str, tuple[Callable[[], w2s.Estimator], tuple[str, ...]]] = {
    "ridge": (lambda: w2s.Ridge(0.3, num_weak=NUM), FINETUNING),
    "least squares": (lambda: w2s.LeastSquares(num_weak=NUM), FINETUNING),
    "gradient descent": (lambda: w2s.GradientDescent(5, 0.1, num_weak=NUM), FINETUNING),
    "spectral cutoff": (lambda: w2s.SpectralCutoff(0.8, num_weak=NUM), FINETUNING),
    "label mixing": (lambda: w2s.LabelMixing(w2s.Ridge(0.3, num_weak=NUM), 0.4), FINETUNING),
    "bootstrapping": (
        lambda: w2s.Bootstrapping(0.4 * jnp.ones((2, 6)), [0.3, 0.2, 0.1], num_weak=NUM),
        REGRESSION,
    ),
    "bootstrapping, shared inputs": (
        lambda: w2s.Bootstrapping(0.4 * jnp.ones((1, 6)), [0.3, 0.1], num_weak=NUM, inputs="shared"),
        REGRESSION,
    ),
    "in context": (lambda: w2s.InContext(3), BOTH),
    "intent inference": (lambda: w2s.IntentInference(3), BOTH),
    "posterior ensemble": (lambda: w2s.PosteriorEnsemble(3, 2), BOTH),
    "refinement": (lambda: w2s.Refinement(3, w2s.Ridge(0.3, num_weak=NUM)), REGRESSION),
    "refinement, leave one out": (
        lambda: w2s.Refinement(3, w2s.Ridge(0.3, num_weak=NUM), context="leave-one-out"),
        REGRESSION,
    ),
    "refinement, with the query": (
        lambda: w2s.Refinement(3, w2s.Ridge(0.3, num_weak=NUM), context="with-query"),
        REGRESSION,
    ),
    "refinement of a prior": (
        lambda: w2s.Refinement(3, w2s.MaximumLikelihood(num_weak=NUM)),
        (*REGRESSION, *FINITE),
    ),
    "conjugate": (lambda: w2s.ConjugateRefinement(6, 0.5), REGRESSION),
    "drawn concepts": (lambda: w2s.DrawnConcepts(6, 4, 0.5), REGRESSION),
    "conjugate, with a student": (
        lambda: w2s.ConjugateRefinement(6, 0.5, w2s.Ridge(0.3, num_weak=NUM)),
        REGRESSION,
    ),
    "confidence loss": (lambda: w2s.ConfidenceLoss(0.4, steps=5, num_weak=NUM), FINITE),
    "hull projection": (lambda: w2s.HullProjection(w2s.Ridge(0.3, num_weak=NUM)), REGRESSION),
    "hull regression": (lambda: w2s.HullRegression(num_weak=NUM), REGRESSION),
    "iterated refinement": (lambda: w2s.IteratedRefinement(4, num_weak=NUM), BOTH),
    "maximum likelihood": (lambda: w2s.MaximumLikelihood(num_weak=NUM), BOTH),
    "bias and noise unknown": (lambda: w2s.BiasAndNoiseUnknown(5, num_weak=NUM), REGRESSION),
    "smoothing unknown": (lambda: w2s.SmoothingUnknown(num_weak=NUM), ("categorical", "hidden Markov")),
    "anchored channel": (lambda: w2s.AnchoredChannel(num_weak=NUM, views=3), FINITE),
    "channel unknown": (lambda: w2s.ChannelUnknown(5, num_weak=NUM), FINITE),
    "frequency projection": (lambda: w2s.FrequencyProjection(num_weak=NUM), ("categorical", "hidden Markov")),
    "information projection": (
        lambda: w2s.InformationProjection(num_weak=NUM),
        ("categorical", "hidden Markov"),
    ),
    "oracle": (lambda: w2s.Oracle([0.2, 0.0, 0.8]), ("regression", "hidden Markov")),
}


def fits() -> Iterator[tuple[str, str]]:
    """Every estimator's name with the name of every task that it is for."""
    for name, (_, tasks) in ESTIMATORS.items():
        for task in tasks:
            yield name, task


FEATURE_LAWS: dict[str, Callable[[], FeatureLaw]] = {
    "gaussian": lambda: w2s.Gaussian(3),
    "uniform": lambda: w2s.UniformCube(3),
    "rademacher": lambda: w2s.Rademacher(3),
    "cube": lambda: w2s.Cube(3),
    "anisotropic": lambda: w2s.Anisotropic(w2s.UniformCube(3), jnp.array(FACTOR)),
    "polynomial": lambda: w2s.MappedFeatures(w2s.UniformCube(2), w2s.PolynomialMap(2, 2)),
    "fourier": lambda: w2s.MappedFeatures(
        w2s.Rademacher(2), w2s.random_fourier_map(2, 4, key=jax.random.key(7))
    ),
    "a function": lambda: w2s.MappedFeatures(w2s.Gaussian(1), jnp.tanh),
}


NOISE_LAWS: dict[str, Callable[[], NoiseLaw]] = {
    "normal": w2s.NormalNoise,
    "laplace": w2s.LaplaceNoise,
    "logistic": w2s.LogisticNoise,
    "student t": lambda: w2s.StudentTNoise(5.0),
}
