"""Rare events against the exact probability of two concepts, from 1e-1 to 1e-30 and beyond."""

import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.errors import InputError
from w2s_sim.identification.rare_events import (
    RareEvent,
    rare_misidentification,
    scaled_replicates,
)
from w2s_sim.identification.rate import sharp_log_misidentification
from w2s_sim.identification.tilting import tilting_plan
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.statements.shared.regression_examples import canonical, two_concepts
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

# These tests take longer to sample than to compile.
pytestmark = pytest.mark.usefixtures("optimised_tiles")


def leaning_pair() -> TransferTask:
    """K = 2, d = 3, uneven prior, a weak model a quarter of the way to the wrong concept."""
    return regression_task(
        3,
        2,
        source_prior=[0.8, 0.2],
        target_prior=[0.0, 1.0],
        supervisor=RegressionSupervisor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.3]], 0.5),
    )


def agrees(found: RareEvent, log_exact: float) -> None:
    assert found.relative_se < 0.02
    assert abs(np.expm1(found.log_value - log_exact)) < 5 * found.relative_se
    assert found.log_value <= found.log_bound


@pytest.mark.parametrize(("size", "decade"), [(4, 1), (36, 5), (256, 30)])
def test_exact_probability_of_two_concepts(size: int, decade: int) -> None:
    """From 1e-1 to 1e-30, 32,768 contexts each."""
    task = two_concepts()
    exact = misidentification_of_two_concepts(task, size).log_value
    assert round(-exact / np.log(10.0)) == decade
    found = rare_misidentification(task, size, replicates=32_768)
    agrees(found, exact)
    assert found.value == pytest.approx(np.exp(found.log_value))


def test_weak_model_that_leans() -> None:
    task = leaning_pair()
    exact = misidentification_of_two_concepts(task, 64).log_value
    agrees(rare_misidentification(task, 64, replicates=10_000, seed=1), exact)


def test_below_float32() -> None:
    """n = 400 in float32, whose smallest number is 1e-38: the estimate is about 1e-47."""
    task = two_concepts()
    exact = misidentification_of_two_concepts(task, 400).log_value
    assert exact < np.log(1e-45)
    found = rare_misidentification(task, 400, replicates=40_000)
    agrees(found, exact)
    assert found.value > 0.0


@pytest.mark.parametrize("task", [canonical_task(), canonical(target_prior=[0.05, 0.0, 0.0, 0.95])])
def test_sharp_asymptotics_of_four_concepts(task: TransferTask) -> None:
    """At n = 192 what is left out, of relative order 1/n^2, is small."""
    found = rare_misidentification(task, 192, replicates=20_000)
    expected = float(sharp_log_misidentification(task, jnp.asarray(192.0)))
    assert abs(found.log_value - expected) < 5 * found.relative_se + 0.01


def test_replicates_do_not_depend_on_how_many_are_asked_for() -> None:
    task = canonical_task()
    plan = tilting_plan(task, 4)
    long, short = (scaled_replicates(task, plan, replicates=count, seed=2) for count in (2500, 1100))
    np.testing.assert_array_equal(long[:1100], short)
    assert len(np.unique(long)) > 2490
    again = scaled_replicates(task, plan, replicates=1100, seed=3)
    assert np.mean(again == short) < 0.01


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"num_demonstrations": 0}, "num_demonstrations"),
        ({"num_demonstrations": 4, "replicates": 1}, "replicates"),
        ({"num_demonstrations": 4, "seed": -1}, "seed"),
    ],
)
def test_bad_numbers_are_refused(arguments: dict[str, int], field: str) -> None:
    with pytest.raises(InputError) as refusal:
        rare_misidentification(canonical_task(), **arguments)
    assert refusal.value.field == field


@pytest.mark.parametrize("prior", [[0.5, 0.25, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]])
def test_without_an_event_there_is_nothing_to_simulate(prior: list[float]) -> None:
    with pytest.raises(InputError, match="source_prior"):
        rare_misidentification(canonical(source_prior=prior), 4)
