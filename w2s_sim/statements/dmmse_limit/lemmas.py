"""The steps of the proof of dmmse-limit (theory/dmmse-limit.md), each as a statement."""

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import DrawnConcepts
from w2s_sim.laws.noise import NormalNoise
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.dmmse_limit.two_readers import TwoReaders, log_mean_excess, read_both
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.regression_examples import noisy
from w2s_sim.statements.shared.unbiased_labels import STATED, UNBIASED
from w2s_sim.tasks.regression_task import regression_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/dmmse-limit.md"
REFERENCE = "after Raventos et al. 2023, arXiv 2306.15063"
DRAWN = Assumption(
    "concepts drawn from the Gaussian prior", lambda case: isinstance(case.estimator, DrawnConcepts)
)
# Gauss-Hermite nodes for the expectation of a log density under one normal law.
NODES = 32
# Noise levels count as equal if they differ by at most this share.
SAME_NOISE = 1e-6


def _has_the_noise_of_the_source(case: Case) -> bool:
    source, supervisor = case.task.source, case.task.supervisor
    noises = float(source.noise), float(supervisor.noise)
    is_normal = isinstance(source.law, NormalNoise) and isinstance(supervisor.law, NormalNoise)
    return is_normal and abs(noises[0] - noises[1]) <= SAME_NOISE * noises[0]


SAME_LABELS = Assumption(
    "normal weak labels with the noise of the strong model", _has_the_noise_of_the_source
)
# The weak labels have the law that both strong models expect.
LABELS = (
    UNBIASED,
    STATED,
    SAME_LABELS,
    POINT_MASS,
)


def log_excess_of(case: Case) -> Float[Array, ""]:
    """Return log(E det(I + (tau/sigma)^2 X^T X) - 1) of a case."""
    task, estimator = case.task, case.estimator
    assert isinstance(estimator, DrawnConcepts)
    scale = (estimator.spread / task.source.noise) ** 2
    return log_mean_excess(task.features.covariance, scale, estimator.num_demonstrations)


def divergence_bound(case: Case) -> Float[Array, ""]:
    """Return log(1 + (E det(I + (tau/sigma)^2 X^T X) - 1) / K), in nats."""
    assert isinstance(case.estimator, DrawnConcepts)
    return jax.nn.softplus(log_excess_of(case) - jnp.log(case.estimator.num_concepts))


def _log_evidence_ratio(readers: TwoReaders) -> Float[Array, ""]:
    """Return the log likelihood of all labels under the drawn concepts, minus that under the continuum."""
    deviations = jnp.sqrt(readers.variances)
    continuum = jnp.sum(norm.logpdf(readers.data.labels, readers.means, deviations))
    return readers.drawn.log_evidence(readers.data.inputs, readers.data.labels) - continuum


def _evidence(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    return jnp.mean(jax.vmap(_log_evidence_ratio)(read_both(key, data, case)))


def _divergences(readers: TwoReaders) -> Float[Array, " n"]:
    """Return KL(drawn || continuum) of the law of every label before it is read, in nats."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    noise = readers.drawn.noise
    centres = readers.data.inputs @ readers.drawn.vectors.T
    # The labels at the nodes of every concept, shape (n, K, nodes).
    labels = centres[..., None] + noise * points
    densities = norm.logpdf(labels[:, :, None, :], centres[:, None, :, None], noise)
    drawn = logsumexp(densities + readers.log_weights[:, None, :, None], axis=2)
    means, deviations = readers.means[:, None, None], jnp.sqrt(readers.variances)[:, None, None]
    ratios = (drawn - norm.logpdf(labels, means, deviations)) @ (weights / weights.sum())
    return jnp.sum(jnp.exp(readers.log_weights) * ratios, axis=1)


def _excess_of_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the largest excess of z^2 over 2 KL among all labels; 0 if there is none."""
    readers = read_both(key, data, case)
    excess = jax.vmap(lambda each: each.gaps**2 - 2.0 * _divergences(each))(readers)
    return jnp.maximum(jnp.max(excess), 0.0)


def _chain_rule(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the log ratio of the evidences minus the sum of the divergences of all labels."""
    readers = read_both(key, data, case)
    return jnp.mean(jax.vmap(lambda each: _log_evidence_ratio(each) - jnp.sum(_divergences(each)))(readers))


def _enumerated_determinant(case: Case) -> Float[Array, ""]:
    """Return E det(I + c X^T X) for inputs of random signs: the mean over all 2^(n d) designs."""
    task, estimator = case.task, case.estimator
    assert isinstance(estimator, DrawnConcepts)
    shape = (estimator.num_demonstrations, task.dim)
    designs = np.reshape(list(itertools.product((-1.0, 1.0), repeat=shape[0] * shape[1])), (-1, *shape))
    scale = (estimator.spread / task.source.noise) ** 2
    moments = jnp.einsum("sni,snj->sij", designs, designs)
    return jnp.mean(jnp.linalg.det(jnp.eye(task.dim) + scale * moments))


def _lemma_cases(preset: Preset) -> Sequence[Case]:
    return [Case("canonical, n=4, K=8, tau=0.2", noisy(0.5), DrawnConcepts(4, 8, 0.2))]


def _determinant_cases(preset: Preset) -> Sequence[Case]:
    task = regression_task(3, 1, source_prior=[1.0], target_prior=[1.0], features="rademacher")
    return [
        Case(f"random signs, d=3, n={size}, tau=0.5", task, DrawnConcepts(size, 8, 0.5)) for size in (2, 4)
    ]


def _rounding(case: Case) -> float:
    """Return the rounding error of a divergence that is computed as a difference of log densities."""
    return 1e3 * float(jnp.finfo(case.task.source_vector.dtype).eps)


DMMSE_LIMIT_LEMMAS = (
    Statement(
        id="soft-covering",
        kind="upper",
        title="K concepts cover the law of the labels",
        summary="The labels of one of K drawn concepts have nearly the law of labels of the continuum.",
        formula=(
            r"\mathbb{E}\,\mathrm{KL}(P_K\Vert P)\le"
            r"\log\bigl(1+(\mathbb{E}\det(I+\tfrac{\tau^2}{\sigma^2}X^\top X)-1)/K\bigr)"
        ),
        cases=_lemma_cases,
        bound=divergence_bound,
        measure=FromWeakData(_evidence),
        assumptions=(DRAWN, *LABELS),
        quantity="divergence of the labels' laws (nats)",
        reference=REFERENCE,
        page=PAGE,
    ),
    Statement(
        id="divergence-adds-up",
        kind="equality",
        title="The divergence is the sum of the divergences of the predictions",
        summary="The divergence of n labels is the sum over the labels, each given the labels before it.",
        formula=(
            r"\mathrm{KL}(P_K\Vert P)="
            r"\sum_i\mathbb{E}\,\mathrm{KL}(P_K(y_i\mid\cdot)\Vert P(y_i\mid\cdot))"
        ),
        cases=_lemma_cases,
        bound=lambda case: jnp.zeros(()),
        measure=FromWeakData(_chain_rule),
        margin=lambda case: 0.05 * float(divergence_bound(case)),
        assumptions=(DRAWN, *LABELS),
        quantity="log ratio of evidences minus sum of divergences (nats)",
        reference=REFERENCE,
        page=PAGE,
    ),
    Statement(
        id="gap-below-divergence",
        kind="equality",
        title="Predictions are apart by at most the root of twice their divergence",
        summary="No label has a squared gap, in predictive variances, above twice the divergence.",
        formula=r"z_i^2\le2\,\mathrm{KL}(P_K(y_i\mid\cdot)\Vert P(y_i\mid\cdot))",
        cases=_lemma_cases,
        bound=lambda case: jnp.zeros(()),
        measure=FromWeakData(_excess_of_gap, nonnegative),
        margin=_rounding,
        pathwise=True,
        assumptions=(DRAWN,),
        quantity="excess of the squared gap over twice the divergence (nats)",
        reference="Transport inequality of the normal law: Talagrand 1996",
        page=PAGE,
    ),
    Statement(
        id="mean-determinant",
        kind="equality",
        title="The mean of the determinant",
        summary="The mean determinant by the formula equals the mean over all designs of random signs.",
        formula=(
            r"\mathbb{E}\det(I+cX^\top X)="
            r"\sum_jc^j\,n(n-1)\cdots(n-j+1)\,e_j(\Sigma)"
        ),
        cases=_determinant_cases,
        bound=lambda case: 1.0 + jnp.exp(log_excess_of(case)),
        exact=_enumerated_determinant,
        margin=lambda case: 1e-10 * float(1.0 + jnp.exp(log_excess_of(case))),
        assumptions=(DRAWN,),
        quantity="mean determinant",
        reference="Cauchy-Binet formula",
        page=PAGE,
    ),
)
