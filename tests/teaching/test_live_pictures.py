"""The explorer's pictures can be drawn at the ends of the controls, and say in words what they show."""

import warnings

import numpy as np
import pytest

from w2s_sim.plotting.style import to_svg
from w2s_sim.statements.shared.quantities import naive_floor
from w2s_sim.teaching.live_pictures import (
    posterior_picture,
    risk_picture,
    verdict_picture,
    voronoi_picture,
)
from w2s_sim.teaching.live_posterior import (
    SHOWN,
    labeller_risks,
    posterior_paths,
    refined_risks,
    refinement_bounds,
)
from w2s_sim.teaching.live_risks import SIZES, naive_risks
from w2s_sim.teaching.live_task import Controls, task_of
from w2s_sim.teaching.live_verdict import Rounds
from w2s_sim.teaching.live_voronoi import voronoi_plane
from w2s_sim.teaching.pictures import Picture

ENDS = [
    Controls(),
    # No floor, no noise, and a student with too few queries.
    Controls(dim=64, bias=0.0, weak_noise=0.0, num_queries=20, ridge=0.0),
    Controls(dim=12, source_weights=(1.0,) * 6, target_weights=(1.0,) * 6, num_weak=1, bias=2.0, lean=1.0),
    Controls(dim=4, source_weights=(1.0, 0.0), target_weights=(0.0, 1.0), noise=0.1, num_weak=128),
]


def pictures(controls: Controls) -> list[Picture]:
    task = task_of(controls)
    paths = posterior_paths(task)
    labeller, refined = labeller_risks(task, paths), refined_risks(task, paths, controls.num_queries)
    bounds = refinement_bounds(task, controls.num_queries) if task.has_point_mass_target else None
    return [
        risk_picture(
            (np.asarray(SIZES), naive_risks(task, controls.ridge)),
            (SHOWN, labeller.at(SHOWN)),
            (SHOWN, refined.at(SHOWN)),
            float(naive_floor(task)),
            bounds,
            controls.num_weak,
        ),
        posterior_picture(paths, controls.num_weak, 0, int(task.target_concept)),
        voronoi_picture(voronoi_plane(task)),
    ]


@pytest.mark.parametrize("controls", ENDS)
def test_pictures_are_drawn_at_the_ends_of_the_controls(controls: Controls) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = pictures(controls)
        assert all("</svg>" in to_svg(picture.figure) for picture in drawn)
    risks, posterior, cells = drawn
    assert ("point-mass target" in risks.caption) == (sum(map(bool, controls.target_weights)) > 1)
    assert f"At n = {controls.num_weak}:" in risks.description
    assert f"Mean posterior at n = {controls.num_weak}" in posterior.description
    assert "nearest to concept" in cells.description


def test_a_verdict_is_drawn_with_its_standard_error() -> None:
    rounds = Rounds(Controls(), "naive-floor")
    rounds.advance()
    picture = verdict_picture(rounds.statement, rounds.verdicts)
    look = rounds.verdicts[0]
    assert f"{look.measured:.4g} ± {look.se:.2g}" in picture.caption
    assert "naive-floor after 512 replicates" in picture.description
    assert "</svg>" in to_svg(picture.figure)
