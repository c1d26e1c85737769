"""Feature maps and noise laws in case files: read, refused, and written back."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.files import case_file, load_case
from w2s_sim.files.task_table import read_task
from w2s_sim.laws.feature_maps import MappedFeatures, PolynomialMap, random_fourier_map
from w2s_sim.laws.features import Gaussian, UniformCube
from w2s_sim.laws.noise import LaplaceNoise, LogisticNoise, NormalNoise, StudentTNoise
from w2s_sim.statements import find_statement
from w2s_sim.tasks.regression_task import TransferTask

TASK = {
    "dim": 6,
    "num_concepts": 3,
    "noise": 0.5,
    "source_prior": [0.5, 0.3, 0.2],
    "target_prior": [0.0, 0.0, 1.0],
    "weak": {"kind": "biased", "bias": 0.3},
}
POLYNOMIAL = {"features": "uniform", "feature_map": "polynomial", "input_dim": 2, "degree": 2}
FOURIER = {"feature_map": "fourier", "input_dim": 2, "length_scale": 0.7, "map_seed": 3}


def regression_task_of(table: dict) -> TransferTask:
    task = read_task(table)
    assert isinstance(task, TransferTask)
    return task


def test_polynomial_features() -> None:
    law = regression_task_of(TASK | POLYNOMIAL).features
    assert isinstance(law, MappedFeatures)
    assert isinstance(law.base, UniformCube)
    expected = MappedFeatures(UniformCube(2), PolynomialMap(2, 2)).covariance
    np.testing.assert_allclose(law.covariance, expected)


def test_fourier_features_are_drawn_once_from_their_seed() -> None:
    first, again = (regression_task_of(TASK | FOURIER).features for _ in range(2))
    other = regression_task_of(TASK | FOURIER | {"map_seed": 4}).features
    np.testing.assert_array_equal(first.covariance, again.covariance)
    assert np.abs(np.asarray(first.covariance - other.covariance)).max() > 0.01


@pytest.mark.parametrize(
    ("keys", "law"),
    [
        ({}, NormalNoise),
        ({"noise_law": "laplace"}, LaplaceNoise),
        ({"noise_law": "logistic"}, LogisticNoise),
        ({"noise_law": "student-t", "degrees_of_freedom": 5.0}, StudentTNoise),
    ],
)
def test_noise_laws(keys: dict, law: type) -> None:
    task = regression_task_of(TASK | keys)
    assert type(task.source.law) is law
    # The weak model's noise has the strong model's law unless it is given one.
    assert type(task.supervisor.law) is law
    weak = {"kind": "noisy", "noise": 0.6, "noise_law": "normal"}
    assert type(regression_task_of(TASK | keys | {"weak": weak}).supervisor.law) is NormalNoise


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        (POLYNOMIAL | {"degree": 3}, "dim"),
        (POLYNOMIAL | {"length_scale": 1.0}, "length_scale"),
        ({"feature_map": "polynomial", "input_dim": 2}, "degree"),
        ({"feature_map": "spline"}, "feature_map"),
        ({"input_dim": 2}, "input_dim"),
        (POLYNOMIAL | {"factor": [[1.0]]}, "factor"),
        (FOURIER | {"phases": [0.0] * 6}, "frequencies"),
        (FOURIER | {"frequencies": [[1.0, 2.0]], "phases": [0.0]}, "frequencies"),
        (FOURIER | {"length_scale": 0.0}, "length_scale"),
        ({"noise_law": "student-t"}, "degrees_of_freedom"),
        ({"noise_law": "student-t", "degrees_of_freedom": 2.0}, "degrees_of_freedom"),
        ({"degrees_of_freedom": 5.0}, "degrees_of_freedom"),
        ({"noise_law": "cauchy"}, "noise_law"),
        ({"weak": {"kind": "noisy", "noise_law": "student-t"}}, r"weak\.degrees_of_freedom"),
    ],
)
def test_what_does_not_fit_is_refused(keys: dict, field: str) -> None:
    with pytest.raises(InputError, match=field):
        read_task(TASK | keys)


def test_polynomial_features_survive_a_case_file(tmp_path: Path) -> None:
    check_round_trip(MappedFeatures(UniformCube(2), PolynomialMap(2, 2)), tmp_path)


def test_fourier_features_survive_a_case_file(tmp_path: Path) -> None:
    check_round_trip(MappedFeatures(Gaussian(2), random_fourier_map(2, 6, key=jax.random.key(1))), tmp_path)


def check_round_trip(features, tmp_path: Path) -> None:
    task = w2s.regression_task(
        6,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.0, 0.0, 1.0],
        features=features,
        law=StudentTNoise(7.0),
        bias=0.3,
    )
    path = tmp_path / "case.toml"
    statement = find_statement("concept-identification")
    path.write_text(case_file(statement, w2s.Case("", task, w2s.InContext(8))))
    again = load_case(path, statement).task
    np.testing.assert_allclose(again.features.covariance, features.covariance, atol=1e-6)
    assert float(again.source.law.degrees_of_freedom) == 7.0
    assert jnp.allclose(again.supervisor.vectors, task.supervisor.vectors)


def test_own_maps_have_no_case_file(tmp_path: Path) -> None:
    own = MappedFeatures(Gaussian(1), lambda z: jnp.concatenate([jnp.tanh(c * z) for c in range(1, 7)]))
    with pytest.raises(InputError, match="feature_map"):
        check_round_trip(own, tmp_path)
