"""Seeds: all 64 bits count at every door, and what is no seed is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

import w2s_sim as w2s
from tests.cli.test_bad_input import GOOD
from tests.runs.study_runs import ONE, results_of
from w2s_sim._checks import require_count
from w2s_sim.bayes import Beliefs, calibrate
from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.experiments.ginc import in_context_scores, unaligned
from w2s_sim.experiments.ginc_concepts import ginc_languages
from w2s_sim.experiments.style_content_study import refined_errors, style_content_task
from w2s_sim.files.study_file import load_study
from w2s_sim.files.task_table import read_task
from w2s_sim.identification.rare_events import rare_misidentification
from w2s_sim.randomness import LARGEST_SEED, generator_of, key_of, next_seed, require_seed, seed_of_32_bits
from w2s_sim.runs import compare, compare_priors
from w2s_sim.runs.gathering import replay
from w2s_sim.statements import Case, FromWeakData, find_statement
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.shared.student_error import student_error
from w2s_sim.verify import check

TASK = w2s.regression_task(4, 2, source_prior=[0.6, 0.4], target_prior=[0, 1])
RIDGE = w2s.Ridge(0.5, num_weak=8)
LANGUAGES = {"num_entities": 2, "num_properties": 2, "num_symbols": 4}
SAME_LOW_BITS = (7, 7 + 2**32, 7 + 2**63)
NO_SEEDS = [-1, 2**64, 10**5000, True, np.int64(-1)]


def data_of(seed: Any) -> list[int]:
    return np.asarray(jax.random.key_data(key_of(seed))).tolist()


@pytest.mark.parametrize("x64", [False, True])
def test_all_64_bits_count_in_either_precision(x64: bool) -> None:
    seeds = [0, 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63, LARGEST_SEED]
    with jax.enable_x64(x64):
        assert [data_of(seed) for seed in seeds] == [[seed >> 32, seed & 0xFFFFFFFF] for seed in seeds]
        # While a function is traced as well.
        traced = jax.jit(lambda: jax.random.bits(key_of(2**40 + 3)))()
        assert traced == jax.random.bits(key_of(2**40 + 3))


def test_seeds_of_32_bits_keep_their_keys() -> None:
    for seed in (0, 5, 2**31, 2**32 - 1):
        assert jax.random.bits(key_of(seed)) == jax.random.bits(jax.random.key(seed))
        assert generator_of(seed).random() == np.random.default_rng(seed).random()


@pytest.mark.parametrize("no_seed", [1.0, "1", None, np.float64(3), np.True_, float("nan"), [1]])
def test_what_is_no_whole_number_is_no_seed(no_seed: Any) -> None:
    for read in (require_seed, key_of, generator_of):
        with pytest.raises(InputError, match=r"^seed: got .* a whole number in \[0, 18446744073709551615\]"):
            read(no_seed)


def test_no_seed_is_a_replicate_of_another() -> None:
    """The key of (high, low) is not the key folded from low with high."""
    folded = jax.random.key_data(jax.random.fold_in(key_of(7), 1))
    assert not np.array_equal(folded, jax.random.key_data(key_of(2**32 + 7)))


def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    for kind in (np.int8, np.uint8, np.int32, np.uint64):
        assert data_of(kind(3)) == data_of(3)
        require_count("count", kind(3), 3)
        assert Parameter("count", int, "").check(kind(3)) == 3
        assert w2s.Ridge(0.5, num_weak=kind(8)).sample_size == 8
        assert check(find_statement("naive-floor"), seed=kind(3), cases=[Case("", TASK, RIDGE)]).seed[0] == 3
    for no_count in (True, np.True_, 3.0, np.float32(3)):
        with pytest.raises(InputError, match=r"count: got .*a whole number >= 1"):
            require_count("count", no_count, 1)
        with pytest.raises(InputError, match="a whole number"):
            Parameter("count", int, "").check(no_count)


def test_seeds_made_of_a_seed_are_seeds() -> None:
    assert [next_seed(seed) for seed in (0, 2**32 - 1, LARGEST_SEED)] == [1, 2**32, 0]
    assert seed_of_32_bits(5) == 5
    mixed = [seed_of_32_bits(seed) for seed in (2**32, 2**33, 2**32 + 5, LARGEST_SEED)]
    assert len({5, *mixed}) == 5
    assert all(0 < seed < 2**32 for seed in mixed)


def with_map_seed(seed: Any) -> np.ndarray:
    table = {
        "dim": 3,
        "num_concepts": 2,
        "noise": 0.5,
        "source_prior": [0.5, 0.5],
        "target_prior": [0, 1],
        "weak": {"kind": "noisy"},
        "feature_map": "fourier",
        "input_dim": 2,
        "map_seed": seed,
    }
    task = read_task(table)
    assert isinstance(task, w2s.TransferTask)
    return np.asarray(task.features.covariance)


def inputs_of(key: Any) -> Any:
    return jax.random.normal(key, (4, 1))


DOORS: dict[str, Callable[[Any], Any]] = {
    "replicate": lambda seed: w2s.replicate(
        FromWeakData(student_error), Case("", TASK, RIDGE), seed=seed, start=0, stop=2
    ),
    "compare": lambda seed: compare(TASK, {"one": RIDGE}, replicates=2, seed=seed).risk,
    "compare_priors": lambda seed: (
        compare_priors(TASK, {"one": w2s.InContext(4)}, replicates=2, seed=seed).risk
    ),
    "rare events": lambda seed: rare_misidentification(TASK, 4, replicates=2, seed=seed).log_value,
    "check": lambda seed: (
        check(find_statement("naive-floor"), seed=seed, cases=[Case("", TASK, RIDGE)]).measured
    ),
    "scores": lambda seed: (
        in_context_scores(
            {"one": unaligned}, [ginc_languages(3, **LANGUAGES)], 1, num_prompts=2, seed=seed
        ).excess_loss
    ),
    "languages": lambda seed: ginc_languages(3, seed=seed, **LANGUAGES).documents.emission,
    "calibration": lambda seed: calibrate(
        w2s.RegressionModel([0.5, 0.5], [[1.0], [-1.0]], 0.5), inputs_of, Beliefs(), num_tasks=2, seed=seed
    ).ranks["prior[0]"],
    "style and content": lambda seed: (
        refined_errors(style_content_task(), [1], batches=1, replicates=2, seed=seed).style_error
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_takes_all_bits(door: str) -> None:
    found = [np.asarray(DOORS[door](seed)) for seed in SAME_LOW_BITS]
    assert not any(np.array_equal(found[0], other) for other in found[1:])
    np.testing.assert_array_equal(DOORS[door](np.int64(7)), found[0])
    assert np.any(np.asarray(DOORS[door](LARGEST_SEED)) != found[0])


@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_what_is_no_seed(door: str) -> None:
    for no_seed in NO_SEEDS:
        with pytest.raises(InputError, match=r"^seed: got .* a whole number in \[0, 18446744073709551615\]"):
            DOORS[door](no_seed)


def test_seeds_of_maps() -> None:
    covariances = [with_map_seed(seed) for seed in (7, 7 + 2**32, 2**63 - 1)]
    assert not np.array_equal(covariances[0], covariances[1])
    assert not np.array_equal(covariances[0], covariances[2])
    for no_seed in (-1, 2**63, 1.0, True):
        with pytest.raises(InputError, match=r"map_seed: got .*\[0, 9223372036854775807\]"):
            with_map_seed(no_seed)


def test_verdicts_keep_the_seed_to_the_last_bit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON, in the manifest and in the table of verdicts."""
    case = tmp_path / "case.toml"
    case.write_text(GOOD)
    arguments = ["verify", "naive-floor", "--case", str(case), "--seed", str(LARGEST_SEED)]
    with pytest.raises(SystemExit) as leaving:
        main([*arguments, "--json", "--out", str(tmp_path)])
    assert not leaving.value.code
    document = json.loads(capsys.readouterr().out)
    assert {verdict["seed"] for verdict in document["verdicts"]} == {LARGEST_SEED}
    for manifest in (document["manifest"], json.loads((tmp_path / "manifest.json").read_text())):
        assert manifest["configuration"]["seed"] == LARGEST_SEED
    assert set(pd.read_parquet(tmp_path / "verdicts.parquet").seed) == {LARGEST_SEED}


def test_studies_and_replays_take_the_seeds_that_a_file_holds(tmp_path: Path) -> None:
    text = ONE.replace("replicates = 1400", "replicates = 3")
    risks, again = [], []
    for seed in (3, 3 + 2**32, 2**63 - 1):
        path, out = tmp_path / f"{seed}.toml", tmp_path / str(seed)
        path.write_text(text.replace("seed = 3", f"seed = {seed}"))
        study = load_study(path)
        risks.append(results_of(study, out).risk[0])
        run_again, kept = replay(out, 0, 1)
        assert kept is not None
        assert run_again["risk"] == kept["risk"]
        again.append(run_again["risk"])
    assert len(set(risks)) == len(set(again)) == 3
    path.write_text(text.replace("seed = 3", f"seed = {2**63}"))
    with pytest.raises(InputError, match=r"replication\.seed: got .*64 bits"):
        load_study(path)
