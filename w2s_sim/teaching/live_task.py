"""The task that the controls of the explorer describe, and its copies of fixed shape."""

import dataclasses

import numpy as np
from jaxtyping import Float

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.laws.features import Gaussian
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor, orthogonal_directions

# The largest numbers of the controls. Arrays have these sizes, whatever the controls say, so that one
# compiled program serves all positions of the controls.
LARGEST_DIM, MOST_CONCEPTS, MOST_DEMONSTRATIONS = 64, 6, 128
# The weak and the strong vectors span at most 2 K dimensions.
LARGEST_SPAN = 2 * MOST_CONCEPTS


@dataclasses.dataclass(frozen=True)
class Controls:
    """The positions of the explorer's controls. The defaults are the canonical task.

    Attributes:
        dim: Number of features d.
        source_weights: Weights of the concepts under the source, relative to one another; their number is K.
        target_weights: The same under the target.
        bias: Strength kappa >= 0 of the weak model's bias, in label units.
        lean: Share in [0, 1] of the bias that points to a wrong concept; the rest is orthogonal to all
            concepts.
        noise: Label noise sigma > 0 of the strong model, in label units.
        weak_noise: Label noise sigma' >= 0 of the weak model, in label units.
        num_weak: Number n of weak pairs, or of demonstrations in context.
        num_queries: Number N of relabelled queries of the refined student.
        ridge: Ridge eta >= 0 of naive fine-tuning, in squared feature units.
    """

    dim: int = 8
    source_weights: tuple[float, ...] = (0.5, 0.25, 0.15, 0.1)
    target_weights: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)
    bias: float = 0.7
    lean: float = 0.0
    noise: float = 0.5
    weak_noise: float = 0.5
    num_weak: int = 32
    num_queries: int = 200
    ridge: float = 0.3

    @property
    def num_concepts(self) -> int:
        """Number of concepts K."""
        return len(self.source_weights)


def task_of(controls: Controls) -> TransferTask:
    """Build the task: concepts e_1..e_K, normal features, and a weak model with the bias of the controls.

    The weak version of concept k is beta_k + kappa (sqrt(1 - l^2) u_k + l v_k) with the lean l, the direction
    u_k orthogonal to all concepts, and v_k, which points from beta_k to the other concept of largest source
    weight. At l = 0 this is the biased weak model of arXiv 2405.16236.

    Raises:
        InputError: If the features are too few for the bias, or a prior has no weight at all.
    """
    concepts = np.eye(controls.num_concepts, controls.dim)
    source_prior = _prior("source prior", controls.source_weights)
    target_prior = _prior("target prior", controls.target_weights)
    along = _towards_rivals(concepts, source_prior)
    across = orthogonal_directions(concepts)
    shift = np.sqrt(1.0 - controls.lean**2) * across + controls.lean * along
    return TransferTask(
        Gaussian(controls.dim),
        RegressionModel(source_prior, concepts, controls.noise),
        target_prior,
        RegressionSupervisor(concepts + controls.bias * shift, controls.weak_noise),
    )


def _prior(name: str, weights: tuple[float, ...]) -> Float[np.ndarray, " K"]:
    total = sum(weights)
    if not total > 0:
        raise InputError(name, f"weights {list(weights)}", "at least one weight > 0")
    return np.asarray(weights, np.float64) / total


def _towards_rivals(
    concepts: Float[np.ndarray, "K d"], source_prior: Float[np.ndarray, " K"]
) -> Float[np.ndarray, "K d"]:
    """Unit vectors from each concept to the other concept of largest source prior."""
    others = np.where(np.eye(len(concepts), dtype=bool), -1.0, source_prior)
    steps = concepts[np.argmax(others, axis=1)] - concepts
    return steps / np.linalg.norm(steps, axis=1, keepdims=True)


def in_fixed_shape(task: TransferTask) -> TransferTask:
    """Return an equivalent task for posteriors, with `MOST_CONCEPTS` concepts in `LARGEST_SPAN` dimensions.

    The reduced task of `TransferTask.reduced` gets dimensions in which no concept lies, and concepts of prior
    zero under source and target. Neither changes the law of a posterior, or the risk of a mixture.
    """
    reduced = task.reduced()
    return TransferTask(
        Gaussian(LARGEST_SPAN),
        RegressionModel(
            _padded(reduced.source.prior, MOST_CONCEPTS),
            _padded(reduced.source.vectors, MOST_CONCEPTS, LARGEST_SPAN),
            reduced.source.noise,
        ),
        _padded(reduced.target_prior, MOST_CONCEPTS),
        RegressionSupervisor(
            _padded(reduced.supervisor.vectors, MOST_CONCEPTS, LARGEST_SPAN), reduced.supervisor.noise
        ),
    )


def _padded(array: object, *shape: int) -> np.ndarray:
    """Return an array filled up with zeros at the ends of its axes."""
    values = np.asarray(array)
    return np.pad(values, [(0, size - own) for size, own in zip(shape, values.shape, strict=True)])
