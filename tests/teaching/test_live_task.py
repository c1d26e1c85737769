"""The explorer's task is that of the controls, and its copy of fixed shape has the same posteriors."""

import dataclasses

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.teaching.live_task import LARGEST_SPAN, MOST_CONCEPTS, Controls, in_fixed_shape, task_of


def test_the_first_position_is_the_canonical_task() -> None:
    ours, canonical = task_of(Controls()), w2s.canonical_task()
    for mine, known in (
        (ours.source.vectors, canonical.source.vectors),
        (ours.source.prior, canonical.source.prior),
        (ours.target_prior, canonical.target_prior),
        (ours.supervisor.vectors, canonical.supervisor.vectors),
        (ours.supervisor.noise, canonical.supervisor.noise),
    ):
        np.testing.assert_allclose(mine, known, rtol=1e-6)


@pytest.mark.parametrize("lean", [0.0, 0.6, 1.0])
def test_the_bias_has_the_length_kappa_and_leans_to_the_favourite_of_the_source(lean: float) -> None:
    task = task_of(Controls(bias=0.9, lean=lean))
    shifts = np.asarray(task.supervisor.vectors - task.source.vectors)
    np.testing.assert_allclose(np.linalg.norm(shifts, axis=1), 0.9, rtol=1e-6)
    rivals = np.asarray(task.source.vectors)[[1, 0, 0, 0]] - np.asarray(task.source.vectors)
    np.testing.assert_allclose(np.sum(shifts * rivals, axis=1), 0.9 * lean * 2**0.5, atol=1e-6)


def test_what_is_impossible_is_refused() -> None:
    with pytest.raises(InputError, match="dim >= 12"):
        task_of(Controls(source_weights=(1.0,) * 6, target_weights=(1.0,) * 6))
    with pytest.raises(InputError, match="at least one weight > 0"):
        task_of(Controls(target_weights=(0.0,) * 4))


def test_the_fixed_shape_keeps_distances_priors_and_bounds() -> None:
    task = task_of(dataclasses.replace(Controls(), dim=16, lean=0.4))
    fixed = in_fixed_shape(task)
    assert fixed.source.vectors.shape == fixed.supervisor.vectors.shape == (MOST_CONCEPTS, LARGEST_SPAN)
    own, known = (np.concatenate([t.source.vectors[:4], t.supervisor.vectors[:4]]) for t in (fixed, task))
    np.testing.assert_allclose(own @ own.T, known @ known.T, atol=1e-6)
    for size in (1, 16, 64):
        bounds = [float(w2s.identification_bound(each, size)) for each in (fixed, task)]
        np.testing.assert_allclose(bounds[0], bounds[1], rtol=1e-4)
