"""The steps of the proof of alignment-tax (theory/alignment-tax.md), each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import GradientDescent, Ridge, SpectralFinetuning
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.alignment_tax.style_block import (
    bias_outside_style,
    has_both_errors,
    relative_errors,
    style_block,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import monotone
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC, SPECTRAL, ridge_of
from w2s_sim.statements.shared.regression_examples import canonical, ten_dimensional
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/alignment-tax.md"
BOTH_ERRORS = Assumption("a source and a weak model off the target", lambda case: has_both_errors(case.task))
BIAS_IN_CONTENT = Assumption("a weak bias in content alone", lambda case: bias_outside_style(case.task))
UNIT_GAINS = Assumption(
    "gains between zero and one",
    lambda case: isinstance(case.estimator, SpectralFinetuning) and case.estimator.gain_within_unit_interval,
)

# sqrt(style) + sqrt(content) of the mean squared errors divided by a^2 and kappa^2. Sample means of products
# may be negative, and count as 0.
TAX = monotone(lambda squares: float(np.sqrt(np.maximum(squares, 0.0)).sum()))


def _path_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    ridge = [Case("canonical, n=60, eta=0.3", task, Ridge(0.3, num_weak=60))]
    others = [
        Case("canonical, n=60, eta=3", task, Ridge(3.0, num_weak=60)),
        # The gains are far outside [0, 1], and the two shares still add up to one.
        Case("canonical, gradient descent, 2 steps of 2.5", task, GradientDescent(2, 2.5, num_weak=240)),
    ]
    return ridge + (others if preset == "full" else [])


def _shares(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the share of a_0 in the style error plus that of the bias in the content error.

    The sum has the mean (1-w) + w.
    """
    task = case.task
    error = case.estimator.fit(task.source, data, key=key).coefficients - task.target_vector
    source, weak = task.source_vector - task.target_vector, task.weak_vector - task.target_vector
    style = jnp.where(style_block(task), error, 0.0)
    return style @ source / (source @ source) + (error - style) @ weak / (weak @ weak)


def _share_controls(preset: Preset) -> Sequence[Control]:
    style = np.asarray(style_block(canonical_task()))
    law = Anisotropic(Gaussian(8), np.diag(np.where(style, 2.0, 0.5)))
    case = Case("anisotropic features", canonical(features=law), Ridge(0.3, num_weak=60))
    return [Control(case, breaks="isotropic features")]


def _projection_excess(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return by how much a block's squared error is below its squared share: zero on every path."""
    task = case.task
    error = case.estimator.fit(task.source, data, key=key).coefficients - task.target_vector
    source, weak = task.source_vector - task.target_vector, task.weak_vector - task.target_vector
    style = jnp.where(style_block(task), error, 0.0)
    shares = jnp.stack([style @ source / (source @ source), (error - style) @ weak / (weak @ weak)])
    return jnp.max(jnp.maximum(shares**2 - relative_errors(task, error), 0.0))


def _mean_student_errors(key: Key[Array, ""], case: Case) -> Float[Array, "2"]:
    """Return products of two independent students' block errors: unbiased for the mean student's squares."""
    # One batch of two students, so that the program contains one eigendecomposition.
    students = jax.vmap(lambda k: case.fit(key=k).coefficients)(jax.random.split(key))
    first, second = students - case.task.target_vector
    task = case.task
    # By polarisation: <x, y> = (|x + y|^2 - |x - y|^2)/4.
    return 0.25 * (relative_errors(task, first + second) - relative_errors(task, first - second))


def _population_tax(case: Case) -> Float[Array, ""]:
    """Return the tax of the student beta_P + (beta'_Q - beta_P)/(1 + eta), which is the student for S = I."""
    task = case.task
    student = task.source_vector + (task.weak_vector - task.source_vector) / (1.0 + ridge_of(case))
    return jnp.sum(jnp.sqrt(relative_errors(task, student - task.target_vector)))


def _eta_cases(preset: Preset) -> Sequence[Case]:
    wide = Case("d=10, K=3, eta=0.3", ten_dimensional(), Ridge(0.3, num_weak=60))
    path = [
        Case(f"canonical, eta={ridge:g}", canonical_task(), Ridge(ridge, num_weak=60))
        for ridge in ((0.3, 3.0) if preset == "quick" else (0.0, 0.03, 0.3, 1.0, 3.0, 30.0))
    ]
    return path if preset == "quick" else [*path, wide]


BLOCKS = (BOTH_ERRORS, BIAS_IN_CONTENT)
ALIGNMENT_TAX_LEMMAS = (
    Statement(
        id="shares-add-up",
        kind="equality",
        title="What is kept of the source and taken of the weak model adds up to one",
        cases=_path_cases,
        measure=FromWeakData(_shares),
        bound=lambda case: 1.0,
        margin=lambda case: 0.05,
        assumptions=(SPECTRAL, ISOTROPIC, *BLOCKS),
        controls=_share_controls,
        page=PAGE,
    ),
    Statement(
        id="share-of-a-block",
        kind="equality",
        title="A block's error is at least its share (violation)",
        cases=lambda preset: _path_cases("quick"),
        measure=FromWeakData(_projection_excess),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5,
        assumptions=BLOCKS,
        page=PAGE,
    ),
    Statement(
        id="mean-student-tax",
        kind="equality",
        title="The mean student pays exactly one",
        cases=lambda preset: _path_cases("quick"),
        measure=_mean_student_errors,
        functional=TAX,
        bound=lambda case: 1.0,
        margin=lambda case: 0.05,
        assumptions=(SPECTRAL, ISOTROPIC, UNIT_GAINS, *BLOCKS),
        page=PAGE,
    ),
    Statement(
        id="population-tax",
        kind="equality",
        title="Equality along the whole path of eta in the population limit",
        cases=_eta_cases,
        exact=_population_tax,
        bound=lambda case: 1.0,
        margin=lambda case: 1e-6,
        assumptions=BLOCKS,
        page=PAGE,
    ),
)
