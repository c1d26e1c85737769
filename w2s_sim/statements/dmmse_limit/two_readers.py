"""Two strong models read the same demonstrations: K drawn concepts against the continuum they come from."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import GaussianConceptModel, RegressionModel
from w2s_sim.estimators import DrawnConcepts
from w2s_sim.statements.contract.case import Case
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

# Number of drawn concepts that label the inputs in turn, at most.
LABELLERS = 8


class TwoReaders(eqx.Module):
    """The predictions of both strong models for every label, each made before the label is read.

    Attributes:
        data: The n pairs, labelled by one of the drawn concepts, relative to the mean of the source.
        drawn: The strong model that holds the K drawn concepts, relative to the mean of the source.
        log_weights: Log posterior of the drawn concepts before each label, shape (n, K), in nats.
        means: Mean predictions of the continuum, relative as well, shape (n,), in label units.
        variances: Variances v of the labels under the continuum, shape (n,), in squared label units.
    """

    data: WeakData
    drawn: RegressionModel
    log_weights: Float[Array, "n K"]
    means: Float[Array, " n"]
    variances: Float[Array, " n"]

    @property
    def drawn_means(self) -> Float[Array, " n"]:
        """Mean predictions of the drawn concepts, in label units."""
        return jnp.sum(jnp.exp(self.log_weights) * (self.data.inputs @ self.drawn.vectors.T), axis=1)

    @property
    def gaps(self) -> Float[Array, " n"]:
        """Differences z of the two mean predictions, in standard deviations of the continuum's label."""
        return (self.drawn_means - self.means) / jnp.sqrt(self.variances)


def read_both(key: Key[Array, ""], data: WeakData, case: Case) -> TwoReaders:
    """Draw the concepts, let one of them label the inputs, and read the labels with both strong models.

    The weak labels of the data keep their noise and their bias; they are moved from the target of the task to
    a drawn concept. Several drawn concepts label the same inputs in turn: a mean over them has a smaller
    variance. All vectors are relative to the mean of the source: next to a long mean, float32 would round the
    differences of the drawn concepts.

    Args:
        key: Typed PRNG key of the drawn concepts.
        data: n weak pairs of the task.
        case: A case whose estimator is `DrawnConcepts`.

    Returns:
        The readers after every labelling, stacked along a new first axis.
    """
    task, estimator = case.task, case.estimator
    assert isinstance(estimator, DrawnConcepts)
    centre = task.source_vector
    source = eqx.tree_at(lambda model: model.vectors, task.source, task.source.vectors - centre)
    drawn = estimator.draw_model(source, key=key)
    prior = estimator.continuum.prior_model(source)

    def readers(labeller: Float[Array, " d"]) -> TwoReaders:
        # The labels, relative to the mean of the source as well.
        moved = labelled_by(labeller, data, task)
        log_weights = drawn.log_posterior_path(moved.inputs, moved.labels)[:-1]
        return TwoReaders(moved, drawn, log_weights, *_predictions(prior, moved))

    return jax.vmap(readers)(drawn.vectors[:LABELLERS])


def labelled_by(labeller: Float[Array, " d"], data: WeakData, task: TransferTask) -> WeakData:
    """Return weak data of the task, moved from its target to another vector; noise and bias stay.

    Args:
        labeller: The vector, in label units per feature unit.
        data: Weak pairs of the task.
        task: The task.
    """
    return WeakData(data.inputs, data.labels + data.inputs @ (labeller - task.target_vector))


def _predictions(
    model: GaussianConceptModel, data: WeakData
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Return mean and variance of every label under a Gaussian prior, each before the label is read."""

    def step(
        read: GaussianConceptModel, pair: tuple[Array, Array]
    ) -> tuple[GaussianConceptModel, tuple[Array, Array]]:
        features, label = pair
        loading = features @ read.factor
        prediction = features @ read.mean, read.noise**2 + loading @ loading
        return read.read(WeakData(features[None], label[None])), prediction

    return jax.lax.scan(step, model, (data.inputs, data.labels))[1]


def log_mean_excess(
    covariance: Float[Array, "d d"], scale: Float[Array, ""], num_inputs: int
) -> Float[Array, ""]:
    """Return log(E det(I + c X^T X) - 1), for n independent inputs of second moment Sigma, the rows of X.

    The mean is 1 + sum_{j>=1} c^j n(n-1)...(n-j+1) e_j, with e_j the elementary symmetric polynomials of the
    eigenvalues of Sigma. It grows like n^d, so that sums are taken of logarithms.

    Args:
        covariance: Sigma, in squared feature units.
        scale: c > 0, in inverse squared feature units.
        num_inputs: n >= 1.
    """
    eigenvalues = jnp.linalg.eigvalsh(covariance)
    dim = eigenvalues.shape[0]
    log_terms = jnp.full(dim + 1, -jnp.inf).at[0].set(0.0)
    for eigenvalue in eigenvalues:
        with_it = log_terms[:-1] + jnp.log(scale * jnp.maximum(eigenvalue, 0.0))
        log_terms = log_terms.at[1:].set(jnp.logaddexp(log_terms[1:], with_it))
    choices = jnp.cumsum(jnp.log(jnp.maximum(num_inputs - jnp.arange(dim), 0.0)))
    return logsumexp(log_terms[1:] + choices)
