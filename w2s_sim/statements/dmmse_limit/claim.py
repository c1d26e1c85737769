"""Theorem dmmse-limit: many drawn concepts predict like the continuum that they come from."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import DrawnConcepts, Estimator, InContext
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.dmmse_limit.lemmas import (
    DMMSE_LIMIT_LEMMAS,
    DRAWN,
    LABELS,
    PAGE,
    REFERENCE,
    SAME_LABELS,
    divergence_bound,
    log_excess_of,
)
from w2s_sim.statements.dmmse_limit.two_readers import read_both
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.statements.shared.unbiased_labels import UNBIASED
from w2s_sim.tasks.task import WeakData


def bound(case: Case) -> Float[Array, ""]:
    """Return 2 log(1 + (E det(I + (tau/sigma)^2 X^T X) - 1) / K): a number without unit."""
    return 2.0 * divergence_bound(case)


def trivial(case: Case) -> Float[Array, ""]:
    """Return n (1 - D^(-1/n)) with D = E det(I + (tau/sigma)^2 X^T X), which holds for every K.

    The drawn concepts predict better than the continuum. The gap of the two predictions is therefore at most
    the error of the continuum itself, whose mean square at label i is 1 - sigma^2/v_i.
    """
    num_pairs = case.estimator.sample_size
    return -num_pairs * jnp.expm1(-jax.nn.softplus(log_excess_of(case)) / num_pairs)


def _squared_gaps(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    readers = read_both(key, data, case)
    return jnp.mean(jax.vmap(lambda each: jnp.sum(each.gaps**2))(readers))


def cases(preset: Preset) -> Sequence[Case]:
    task, signs = noisy(0.5), canonical(features="rademacher", supervisor=noisy(0.5).supervisor)
    stretched = canonical(features=np.diag(np.geomspace(4.0, 0.25, 8)), supervisor=noisy(0.5).supervisor)
    listed = [
        Case("rademacher features, n=2, K=8, tau=0.1", signs, DrawnConcepts(2, 8, 0.1)),
        Case("canonical, n=4, K=64, tau=0.1", task, DrawnConcepts(4, 64, 0.1)),
        Case("canonical, n=4, K=64, tau=0.2", task, DrawnConcepts(4, 64, 0.2)),
        Case("anisotropic features, n=4, K=64, tau=0.1", stretched, DrawnConcepts(4, 64, 0.1)),
    ]
    longer = [
        Case(f"canonical, n={n}, K={K}, tau={tau:g}", task, DrawnConcepts(n, K, tau))
        for n, K, tau in ((1, 8, 0.2), (2, 64, 0.2), (4, 512, 0.3), (16, 4, 0.3))
    ]
    return listed + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    estimator = DrawnConcepts(4, 64, 0.1)
    return [
        Control(Case("biased weak model, n=4, K=64", canonical(bias=3.0), estimator), UNBIASED.name),
        Control(Case("weak labels of 4 times the noise", noisy(2.0), estimator), SAME_LABELS.name),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return DrawnConcepts(**numbers)


DMMSE_LIMIT = Statement(
    id="dmmse-limit",
    kind="upper",
    title="Many concepts are as good as a continuum",
    summary=(
        "A strong model that holds K concepts drawn from a Gaussian law predicts like ridge regression once "
        "K is far larger than a determinant that measures the information in the demonstrations."
    ),
    formula=(
        r"\sum_{i=1}^{n}\mathbb{E}\,\frac{(x_i^\top(m_{i-1}-\mu_{i-1}))^2}{v_i}\;\le\;"
        r"2\log\Bigl(1+\frac{\mathbb{E}\det(I+\frac{\tau^2}{\sigma^2}X^\top X)-1}{K}\Bigr)"
    ),
    cases=cases,
    bound=bound,
    measure=FromWeakData(_squared_gaps, nonnegative),
    trivial=trivial,
    assumptions=(
        DRAWN,
        *LABELS,
        Assumption("four moments of the features", lambda case: case.task.features.moment_order > 4),
    ),
    lemmas=DMMSE_LIMIT_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "demonstrations n in context", 4, required=True),
        Parameter.of(DrawnConcepts, "num_concepts", "concepts K that are drawn", 64, required=True),
        Parameter.of(DrawnConcepts, "spread", "tau, of the law of the concepts", 0.1, required=True),
    ),
    build_estimator=build_estimator,
    quantity="sum of the squared gaps between the two predictions (predictive variances)",
    plot_axis="num_concepts",
    reference=REFERENCE,
    page=PAGE,
)
