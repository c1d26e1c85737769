"""The explorer's cells are those of the theorem on the threshold of refinement."""

import numpy as np
import pytest

from w2s_sim.identification.voronoi import seen_from_winner, voronoi_pairs, voronoi_winner
from w2s_sim.teaching.live_task import Controls, task_of
from w2s_sim.teaching.live_voronoi import GRID, voronoi_plane

CASES = [
    Controls(),
    Controls(bias=1.6, lean=0.9),
    Controls(dim=12, source_weights=(0.3, 0.3, 0.4), target_weights=(0.0, 1.0, 0.0), bias=0.5, lean=0.5),
    Controls(dim=4, source_weights=(0.5, 0.5), target_weights=(0.0, 1.0), lean=1.0),
]


@pytest.mark.parametrize("controls", CASES)
def test_winner_and_shares_are_those_of_the_theorem(controls: Controls) -> None:
    task = task_of(controls)
    plane = voronoi_plane(task)
    star = int(task.target_concept)
    assert plane.winner == int(voronoi_winner(task))
    assert (plane.winner == star) == (np.nanmax(plane.shares) < 0.5)
    if plane.winner == star:
        _, shares, _ = voronoi_pairs(seen_from_winner(task))
        others = np.arange(task.num_concepts) != star
        np.testing.assert_allclose(plane.shares[others], np.asarray(shares)[others], atol=1e-6)


@pytest.mark.parametrize("controls", CASES)
def test_positions_keep_the_distances_of_what_lies_in_the_plane(controls: Controls) -> None:
    task = task_of(controls)
    plane = voronoi_plane(task)
    inside = list(plane.through)
    own, known = plane.concepts[inside], np.asarray(task.source.vectors)[inside]
    np.testing.assert_allclose(
        np.linalg.norm(own[:, None] - own, axis=2), np.linalg.norm(known[:, None] - known, axis=2), atol=1e-6
    )
    length = np.hypot(np.linalg.norm(plane.weak - plane.concepts[plane.through[0]]), plane.off_plane)
    np.testing.assert_allclose(length, controls.bias, rtol=1e-5)
    assert plane.nearest.shape == (GRID, GRID)
    for concept in inside:
        row = np.argmin(np.abs(plane.y - plane.concepts[concept, 1]))
        column = np.argmin(np.abs(plane.x - plane.concepts[concept, 0]))
        assert plane.nearest[row, column] == concept


def test_a_concept_that_the_source_excludes_has_no_cell() -> None:
    task = task_of(Controls(source_weights=(0.0, 0.4, 0.3, 0.3)))
    assert 0 not in voronoi_plane(task).nearest
