"""Bad input on the command line: exit status 2, one line that names field, value and expectation."""

from pathlib import Path

import pytest

from w2s_sim.cli import main

GOOD = """
[task]
dim = 8
num_concepts = 4
noise = 0.5
source_prior = [0.5, 0.25, 0.15, 0.1]
target_prior = [0, 0, 0, 1]
[task.weak]
kind = "biased"
bias = 0.7
[case]
num_weak = 60
ridge = 0.3
"""


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "naive-flor"], ["theorem", "'naive-flor'", "did you mean 'naive-floor'"]),
        (["show", "nonsense"], ["theorem", "'nonsense'", "concept-identification"]),
        (["verify", "--seed", "x"], ["--seed", "x"]),
        (["verify", "--seed", "-1"], ["seed", "-1", "[0, 18446744073709551615]"]),
        (["verify", "--alpha", "0"], ["alpha", "(0, 0.5]"]),
        (["verify", "--alpha", "nan"], ["alpha", "nan"]),
        (["verify", "--preset", "huge"], ["--preset", "huge"]),
        (["verfy"], ["command", "did you mean 'verify'", "see w2s --help"]),
        (["lm", "refin"], ["command", "did you mean 'refine'", "see w2s lm --help"]),
        (["lm"], ["command: got nothing", "fetch, check"]),
        (["list", "--jsn"], ["did you mean '--json'", "see w2s list --help"]),
        # Another command has a similar option.
        (["verify", "--replicates", "9"], ["'--replicates'; expected an argument of w2s verify"]),
        (["show", "naive-floor", "b"], ["'b'; expected an argument of w2s show"]),
        (["show"], ["ID: got nothing; expected id of the theorem", "see w2s show --help"]),
        (["-v"], ["'-v'", "one of demo", "see w2s --help"]),
        (["verify", "--case", "missing.toml"], ["--case", "exactly one theorem"]),
        (["verify", "naive-floor", "--case", "missing.toml"], ["--case", "missing.toml", "exists"]),
        (["verify", "naive-floor", "--out", "/dev/null/folder"], ["--out", "/dev/null/folder", "written"]),
    ],
)
def test_bad_arguments(arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    message = complaint(capsys, *arguments)
    assert all(word in message for word in words), message


BAD_FILES = [
    ("dim = 8", "dim = 0", ["task.dim", "0", ">= 1"]),
    ("dim = 8", "dim = 8.5", ["task.dim", "8.5", "whole number"]),
    ("dim = 8", "dim = true", ["task.dim", "True", "whole number"]),
    ("dim = 8", 'dim = "8"', ["task.dim", "'8'"]),
    ("dim = 8\n", "", ["task.dim", "nothing"]),
    ("dim = 8", "dim = 7", ["task.weak.kind", "dimension 7", "dim >= 8"]),
    ("dim = 8", "dim = 3", ["task.num_concepts", "4 with dim = 3", "num_concepts <= dim"]),
    ("dim = 8", "dimm = 8", ["task.dimm", "unknown key", "did you mean 'dim'"]),
    ("noise = 0.5", "noise = -0.5", ["task.noise", "-0.5", "> 0"]),
    ("noise = 0.5", "noise = nan", ["task.noise", "nan"]),
    ("noise = 0.5", "noise = inf", ["task.noise", "inf", "finite"]),
    ("0.15, 0.1]", "0.15, 0.2]", ["task.source_prior", "1.1", "sum to 1"]),
    ("0.15, 0.1]", "0.35, -0.1]", ["task.source_prior", "-0.1", ">= 0"]),
    ("0.15, 0.1]", "0.25]", ["task.source_prior", "shape (3,)", "shape (4,)"]),
    ("0.15, 0.1]", "0.15, nan]", ["task.source_prior", "nan"]),
    ("0.15, 0.1]", "0.15, 'a']", ["task.source_prior", "'a'", "a number"]),
    ("target_prior = [0, 0, 0, 1]", "target_prior = 1", ["task.target_prior", "1", "list of numbers"]),
    ("target_prior = [0, 0, 0, 1]", "target_prior = []", ["task.target_prior", "list of numbers"]),
    ("noise = 0.5", "noise = 0.5\nfeatures = 'cauchy'", ["task.features", "'cauchy'", "gaussian"]),
    ("noise = 0.5", "noise = 0.5\nkind = 'hmm'", ["task.kind", "'hmm'", "regression"]),
    ("noise = 0.5", "noise = 0.5\nconcepts = [[1, 2], [3]]", ["task.concepts", "one length"]),
    ("noise = 0.5", "noise = 0.5\nconcepts = [[1, 0], [0, 1]]", ["task.concepts", "(2, 2)", "(4, 8)"]),
    ("bias = 0.7", "bias = -1", ["task.weak.bias", "-1", ">= 0"]),
    ("bias = 0.7\n", "", ["task.weak.bias", "nothing"]),
    ("bias = 0.7", "bias = 0.7\nnoise = -1", ["task.weak.noise", "-1"]),
    ('kind = "biased"\nbias = 0.7', 'kind = "noisy"\nnoise = 0.1', ["task.weak.noise", "0.1", ">= 0.5"]),
    ('kind = "biased"', 'kind = "noisy"', ["task.weak.bias", "'noisy'"]),
    ('kind = "biased"', 'kind = "evil"', ["task.weak.kind", "'evil'", "noisy"]),
    ('kind = "biased"\nbias = 0.7', 'kind = "general"', ["task.weak.concepts", "nothing"]),
    (
        'kind = "biased"\nbias = 0.7',
        'kind = "general"\nconcepts = [[1, 2]]',
        ["task.weak.concepts", "(1, 2)", "(4, 8)"],
    ),
    ('[task.weak]\nkind = "biased"\nbias = 0.7', "", ["task.weak", "nothing", "[task.weak]"]),
    ("[case]", "[cases]", ["cases", "unknown key", "did you mean 'case'"]),
    ("num_weak = 60", "num_weak = 0", ["case.num_weak", "0", ">= 1"]),
    ("num_weak = 60\n", "", ["case.num_weak", "nothing"]),
    ("ridge = 0.3", "ridge = -1", ["case.ridge", "-1", ">= 0"]),
    ("ridge = 0.3", "ridge = 0.3\nsteps = 3", ["case.ridge, steps, threshold", "exactly one"]),
    ("ridge = 0.3", "steps = 3", ["case.step_size", "nothing"]),
    ("ridge = 0.3", "rigde = 0.3", ["case.rigde", "did you mean 'ridge'"]),
    ("ridge = 0.3", "ridge = 0.3\nmixing = 2", ["case.mixing", "2", "[0, 1]"]),
    ("[task]", "[task", ["--case", "well-formed TOML"]),
]


@pytest.mark.parametrize(("old", "new", "words"), BAD_FILES)
def test_bad_case_files(
    old: str, new: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in GOOD
    path = tmp_path / "case.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    message = complaint(capsys, "verify", "naive-floor", "--case", str(path))
    assert str(path) in message
    assert all(word in message for word in words), message


def test_file_that_is_not_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in complaint(capsys, "verify", "naive-floor", "--case", str(path))


def test_folder_in_place_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(tmp_path) in complaint(capsys, "verify", "naive-floor", "--case", str(tmp_path))
