"""Theorem alignment-tax: fine-tuning improves style only at the cost of content."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, Support, nonnegative
from w2s_sim.estimators import GradientDescent, InContext, LabelMixing, Ridge, SpectralCutoff
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.alignment_tax.lemmas import ALIGNMENT_TAX_LEMMAS, BIAS_IN_CONTENT, BOTH_ERRORS, TAX
from w2s_sim.statements.alignment_tax.style_block import relative_errors, style_block
from w2s_sim.statements.contract.case import Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.broken_learners import BlockwiseDescent
from w2s_sim.statements.shared.finetuned_students import (
    FINETUNING_PARAMETERS,
    ISOTROPIC,
    SPECTRAL,
    SYMMETRIC,
    build_student,
)
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    canonical_in,
    leaning_to_source,
    many_concepts,
    ten_dimensional,
    two_concepts,
)
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, paper_task
from w2s_sim.tasks.task import WeakData


def evaluate(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, "2"]:
    """Return the student's squared style error over a^2 and squared content error over kappa^2."""
    student = case.estimator.fit(case.task.source, data, key=key)
    return relative_errors(case.task, student.coefficients - case.task.target_vector)


def errors_range(case: Case) -> Support:
    """Return the range of `evaluate`: errors are convex in the student, and fixed in blocks never moved."""
    task, estimator = case.task, case.estimator
    if estimator.stays_in_hull:
        errors = [relative_errors(task, vector - task.target_vector) for vector in task.source.vectors]
        return jnp.zeros(2), jnp.max(jnp.stack(errors), axis=0)
    if isinstance(estimator, BlockwiseDescent):
        style = style_block(task)
        moved = [jnp.any(estimator.step_sizes[block] > 0) for block in (style, ~style)]
        source = relative_errors(task, task.source_vector - task.target_vector)
        return jnp.where(jnp.stack(moved), 0.0, source), jnp.where(jnp.stack(moved), jnp.inf, source)
    return nonnegative(case)


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    path = [
        Case(f"canonical, n=240, eta={ridge:g}", task, Ridge(ridge, num_weak=240))
        for ridge in (0.03, 0.3, 1.0, 10.0)
    ]
    families = [
        Case("canonical, gradient descent, 20 steps of 0.05", task, GradientDescent(20, 0.05, num_weak=60)),
        Case("canonical, label mixing 0.4, eta=0.1", task, LabelMixing(Ridge(0.1, num_weak=60), 0.4)),
        Case("canonical, spectral cutoff at 0.8", task, SpectralCutoff(0.8, num_weak=60)),
    ]
    tasks = [
        Case("rademacher features, n=60", canonical(features="rademacher"), Ridge(0.3, num_weak=60)),
        Case("bias 1.4, n=60, eta=1", canonical(bias=1.4), Ridge(1.0, num_weak=60)),
        Case("style of two coordinates, d=6, n=60", two_concepts(), Ridge(0.3, num_weak=60)),
    ]
    more = [
        Case("canonical, n=960, eta=0.3", task, Ridge(0.3, num_weak=960)),
        Case("canonical, n=4, eta=0", task, Ridge(0.0, num_weak=4)),
        Case("canonical, steps too large", task, GradientDescent(2, 2.5, num_weak=60)),
        Case("uniform features, n=60", canonical(features="uniform"), Ridge(0.3, num_weak=60)),
        Case("bias 0.3, n=60, eta=1", canonical(bias=0.3), Ridge(1.0, num_weak=60)),
        Case("style of three coordinates, d=10", ten_dimensional(), Ridge(0.3, num_weak=60)),
        Case("style of eight coordinates, d=20", many_concepts(), Ridge(0.3, num_weak=120)),
        Case("d=40, n=80", canonical_in(40), Ridge(0.3, num_weak=80)),
        Case("the paper's setting, its own concept kept", paper_task(scale=1.0), Ridge(0.1, num_weak=60)),
        Case(
            "mixed target, grouped",
            canonical(target_prior=[0.2, 0.0, 0.2, 0.6]),
            Ridge(0.3, num_weak=60),
            grouped=True,
        ),
    ]
    return path + families + tasks + (more if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task = canonical_task()
    style = np.asarray(style_block(task))
    stretched = Anisotropic(Gaussian(task.dim), np.diag(np.where(style, 2.0, 0.05**0.5)))
    tilted = TransferTask(stretched, task.source, task.target_prior, task.supervisor)
    by_block = BlockwiseDescent(np.where(style, 0.2, 0.0), steps=40, num_weak=240)
    return [
        Control(Case("steps on the style block alone", task, by_block), breaks="spectral fine-tuning"),
        Control(Case("refined, not fine-tuned", task, InContext(16)), breaks="spectral fine-tuning"),
        Control(Case("anisotropic features", tilted, Ridge(0.3, num_weak=240)), breaks="isotropic features"),
        Control(
            # The weak model overshoots the target's style: halfway between it and the source, style is right.
            Case("weak model overshoots the style", leaning_to_source(-1.0), Ridge(1.0, num_weak=960)),
            breaks="a weak bias in content alone",
        ),
    ]


ALIGNMENT_TAX = Statement(
    id="alignment-tax",
    kind="lower",
    title="Fine-tuning pays for style with content",
    summary=(
        "A source that is wrong in style and a weak model that is wrong in content: whatever a fine-tuned "
        "student repairs of the one, in root mean square and as a share, it pays of the other."
    ),
    formula=(
        r"\frac{\sqrt{\mathbb{E}\,\lVert (b-\beta_Q)_{\mathrm{style}}\rVert^2}}{a} + "
        r"\frac{\sqrt{\mathbb{E}\,\lVert (b-\beta_Q)_{\mathrm{content}}\rVert^2}}{\kappa} \;\ge\; 1"
    ),
    cases=cases,
    bound=lambda case: jnp.ones(()),
    measure=FromWeakData(evaluate, errors_range),
    functional=TAX,
    assumptions=(SPECTRAL, ISOTROPIC, SYMMETRIC, BOTH_ERRORS, BIAS_IN_CONTENT, FINITE_VARIANCE),
    trivial=lambda case: 0.0,
    lemmas=ALIGNMENT_TAX_LEMMAS,
    controls=controls,
    parameters=FINETUNING_PARAMETERS,
    build_estimator=build_student,
    quantity="style error / a + content error / kappa (root mean squares, no unit)",
    plot_axis="ridge",
    reference="after the style and content scores of Somerstep et al. 2025, arXiv 2405.16236",
    page="theory/alignment-tax.md",
)
