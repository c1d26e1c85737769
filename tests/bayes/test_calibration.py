"""Simulation-based calibration over 200 tasks, and that it can fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.bayes import Beliefs, Calibration, calibrate
from w2s_sim.bayes.calibration import LANES

# These tests take longer to sample than to compile.
pytestmark = pytest.mark.usefixtures("optimised_tiles")

SOURCE = w2s.RegressionModel([0.5, 0.3, 0.2], jnp.eye(3, 4), 0.5)
TRUTH = Beliefs(1.0, 0.3)
# Four parameters: all of a right posterior pass with probability 1 - 4e-4.
LEVEL = 1e-4


def draw_inputs(key):
    return jax.random.normal(key, (40, 4))


def test_posterior_is_calibrated() -> None:
    table = calibrate(SOURCE, draw_inputs, TRUTH, seed=2).table
    assert list(table.parameter) == ["noise", "prior[0]", "prior[1]", "prior[2]"]
    assert set(table["tasks"]) == {200}
    assert table["p_value"].to_numpy().min() > LEVEL
    for level in ("50%", "80%", "95%"):
        off = table[f"covered_{level}"].to_numpy() - float(level[:-1]) / 100
        assert np.all(np.abs(off) < 5 * table[f"covered_{level}_se"].to_numpy())


def test_bias_is_calibrated_too() -> None:
    beliefs = Beliefs(1.0, 0.3, 0.5)
    table = calibrate(SOURCE, draw_inputs, beliefs, seed=3).table
    assert list(table.parameter) == ["bias", "noise", "prior[0]", "prior[1]", "prior[2]"]
    assert table["p_value"].to_numpy().min() > LEVEL
    # Beliefs in a bias ten times too small leave the truth outside.
    small = calibrate(SOURCE, draw_inputs, beliefs, Beliefs(1.0, 0.3, 0.05), seed=3).table
    assert small["p_value"].to_numpy()[0] < LEVEL


def test_posterior_that_is_too_sure_is_found_out() -> None:
    table = calibrate(SOURCE, draw_inputs, TRUTH, Beliefs(20.0, 0.3), seed=2).table
    assert table["p_value"].to_numpy().min() < LEVEL
    missing = 0.95 - table["covered_95%"].to_numpy()
    assert missing.max() > 5 * table["covered_95%_se"].to_numpy().max()


def test_tasks_do_not_depend_on_how_many_there_are() -> None:
    many, few = (calibrate(SOURCE, draw_inputs, TRUTH, num_tasks=n, seed=2).ranks for n in (LANES + 2, 10))
    for name, ranks in few.items():
        np.testing.assert_array_equal(many[name][:10], ranks)


@pytest.mark.slow
def test_ranks_do_not_depend_on_the_number_of_devices() -> None:
    own = calibrate(SOURCE, draw_inputs, TRUTH, num_tasks=10, seed=2).ranks
    program = (
        "import json, jax; from tests.bayes.test_calibration import *; assert len(jax.devices()) == 3; "
        "ranks = calibrate(SOURCE, draw_inputs, TRUTH, num_tasks=10, seed=2).ranks; "
        "print(json.dumps({name: values.tolist() for name, values in ranks.items()}))"
    )
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=3"
    environment = {**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == {name: values.tolist() for name, values in own.items()}


def test_even_ranks_cover_exactly() -> None:
    row = Calibration({"even": np.arange(100)}).table.iloc[0].to_dict()
    assert abs(row["covered_50%"] - 0.5) < 1e-12
    assert abs(row["covered_80%"] - 0.8) < 1e-12
    # 2.5 ranks to either side: half of a rank counts half.
    assert abs(row["covered_95%"] - 0.95) < 1e-12
    assert row["p_value"] == 1.0
