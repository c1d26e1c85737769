"""No verdict of any theorem is wrong in the odd corners of its cases."""

import pytest

from tests.audit import (
    corners_of_anchors,
    corners_of_bootstrapping,
    corners_of_bregman,
    corners_of_capacity,
    corners_of_drawn_concepts,
    corners_of_finetuning,
    corners_of_finite,
    corners_of_hull,
    corners_of_hull_regression,
    corners_of_identification,
    corners_of_interpolation,
    corners_of_posteriors,
    corners_of_refining,
    corners_of_risk_curve,
    corners_of_shrinkage,
    corners_of_teaching,
)
from tests.audit.judging import audit, audit_one
from w2s_sim.statements import all_statements

# Of every theorem: its corners, the oracle of a corner, and the corner that every run of the tests tries.
AUDITS = {
    **corners_of_finetuning.AUDITS,
    **corners_of_bootstrapping.AUDITS,
    **corners_of_drawn_concepts.AUDITS,
    **corners_of_shrinkage.AUDITS,
    **corners_of_teaching.AUDITS,
    **corners_of_risk_curve.AUDITS,
    **corners_of_interpolation.AUDITS,
    **corners_of_identification.AUDITS,
    **corners_of_refining.AUDITS,
    **corners_of_hull.AUDITS,
    **corners_of_hull_regression.AUDITS,
    **corners_of_finite.AUDITS,
    **corners_of_anchors.AUDITS,
    **corners_of_bregman.AUDITS,
    **corners_of_posteriors.AUDITS,
    **corners_of_capacity.AUDITS,
}


def test_every_theorem_is_audited() -> None:
    assert set(AUDITS) == set(all_statements())


@pytest.mark.slow
@pytest.mark.parametrize("theorem", AUDITS)
def test_no_verdict_is_wrong(theorem: str) -> None:
    corners, truth, _ = AUDITS[theorem]
    audit(theorem, corners(), truth)


@pytest.mark.parametrize("theorem", AUDITS)
def test_one_corner(theorem: str) -> None:
    corners, truth, name = AUDITS[theorem]
    audit_one(theorem, next(corner for corner in corners() if corner.name == name), truth)
