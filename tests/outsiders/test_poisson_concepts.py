"""A package of somebody else: its concepts, estimator, theorem and study, through the real commands."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

import w2s_sim as w2s
from tests.outsiders.commands import Run, run_commands
from w2s_sim.book.contents import read_contents
from w2s_sim.cli import plugin_listing
from w2s_sim.cli.plugin_listing import plugin_contents
from w2s_sim.errors import InputError
from w2s_sim.files.schema import schema_text, study_schema
from w2s_sim.files.study_file import load_study
from w2s_sim.plugins import brought_in, loading, registry, what_plugins_bring

HERE = Path(__file__).parent
PACKAGE = HERE / "poisson_concepts"
STUDY = PACKAGE / "counting-or-reading.toml"
PLACE = "poisson_concepts:PLUGIN"
run = pytest.fixture(run_commands)


@pytest.fixture(autouse=True)
def _package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as Python is concerned: its folder is on the path."""
    monkeypatch.syspath_prepend(str(HERE))


def test_it_is_small_and_uses_public_names_alone() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.iterdir() if path.is_file()]
    assert sum(bool(line.strip()) for text in texts for line in text.splitlines()) <= 150
    for text in texts:
        for module, names in re.findall(r"^from (w2s_sim\S*) import (.*)$", text, flags=re.MULTILINE):
            assert module == "w2s_sim.fields"
            assert not names.startswith("_")
        assert all(name in w2s.__all__ for name in re.findall(r"\bw2s\.(\w+)", text))


def test_the_page_is_there() -> None:
    (statement,) = importlib.import_module("poisson_concepts").PLUGIN.statements
    assert Path(statement.page).read_text(encoding="utf-8").startswith(f"# {statement.title}")


def test_the_theorem_holds_with_its_lemma_control_and_mutants(run: Run, tmp_path: Path) -> None:
    status, text, _ = run("verify", PLACE, "--json", "--out", str(tmp_path))
    document = json.loads(text)
    verdicts = pd.DataFrame(document["verdicts"])
    assert status == 0
    assert set(verdicts["theorem"]) == {"mean-rate-floor"}
    assert (verdicts.loc[verdicts["role"] == "theorem", "verdict"] == "consistent").all()
    assert (verdicts.loc[verdicts["role"] == "lemma", "verdict"] == "consistent").all()
    assert (verdicts.loc[verdicts["role"] == "control", "verdict"] == "refuted").all()
    killable = verdicts.loc[(verdicts["role"] == "mutant") & (verdicts["expected"] == "refuted")]
    assert (killable["verdict"] == "refuted").all()
    names = " ".join(killable["case"])
    for change in ("bound x 2", "half the num_weak", "direction turned round"):
        assert change in names
    (record,) = document["manifest"]["plugins"]
    assert (record["name"], record["origin"]) == ("poisson-concepts", PLACE)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Counting weak events has a floor" in page
    assert "poisson-concepts" in page
    assert (tmp_path / "figures" / "mean-rate-floor.svg").exists()
    assert list(tmp_path.rglob("mean-rate-floor.html")), "the page with the proof comes along"


def test_a_claim_that_is_false_is_refuted() -> None:
    """The floor of twice as many counts is none."""
    (statement,) = importlib.import_module("poisson_concepts").PLUGIN.statements
    task = statement.cases("quick")[0].task
    frame = w2s.check(
        statement,
        cases=w2s.Case("own", task, importlib.import_module("poisson_concepts.model").MeanRate(num_weak=4)),
    )
    assert frame.loc[frame["role"] == "theorem", "verdict"].tolist() == ["consistent"]
    mutant = frame.loc[frame["case"].str.startswith("bound x 1.33")]
    assert mutant["verdict"].tolist() == ["refuted"]


def test_what_show_prints_verify_takes(run: Run, tmp_path: Path) -> None:
    status, text, _ = run("show", "mean-rate-floor", "--plugin", PLACE)
    assert status == 0
    assert str(PACKAGE / "mean-rate-floor.md") in text
    assert f"w2s verify mean-rate-floor --plugin {PLACE} --case FILE.toml" in text
    case = tmp_path / "case.toml"
    case.write_text(text[text.index("[task]") :], encoding="utf-8")
    status, text, _ = run("verify", "mean-rate-floor", "--plugin", PLACE, "--case", str(case), "--json")
    assert status == 0
    assert {v["case"] for v in json.loads(text)["verdicts"] if v["role"] == "theorem"} == {"case"}


def test_falsify_prints_a_case_file_that_verify_takes(run: Run, tmp_path: Path) -> None:
    status, text, _ = run("falsify", PLACE, "--budget", "2")
    assert status == 0
    assert "measured" in text
    assert f"w2s verify mean-rate-floor --plugin {PLACE} --case THIS_FILE" in text
    found = tomllib.loads(text)
    assert found["task"]["kind"] == "poisson"
    case = tmp_path / "found.toml"
    case.write_text(text, encoding="utf-8")
    assert run("verify", PLACE, "--case", str(case))[0] == 0


def test_the_study_runs_by_its_name_and_resumes(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    status, _, complaint = run("run", "counting-or-reading", "--plugin", PLACE, "--out", out)
    assert status == 0, complaint
    assert (tmp_path / "out" / "figures" / "figure-1.svg").exists()
    results = pd.read_parquet(tmp_path / "out" / "results.parquet")
    counted = results.loc[results["estimator.kind"] == "mean-rate"]
    # The bound of the package's own theorem, and the metric of its own task.
    assert set(counted["bound_theorem"]) == {"mean-rate-floor"}
    assert np.all(counted["risk"] + 5 * counted["risk_se"] > counted["bound"])
    assert np.all(results["rate_error"] > 0)
    before = (tmp_path / "out" / "results.parquet").read_bytes()
    assert run("run", str(STUDY), "--plugin", PLACE, "--out", out, "--resume")[0] == 0
    assert (tmp_path / "out" / "results.parquet").read_bytes() == before
    (record,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["plugins"]
    assert record["name"] == "poisson-concepts"
    assert record["version"].startswith("sha256:")
    replay = ("replay", out, "--cell", "1", "--replicate", "3")
    status, text, _ = run(*replay, "--plugin", PLACE)
    assert status == 0
    assert "kept" in text
    for command in (
        ("run", str(STUDY), "--out", out, "--resume"),
        replay,
        ("merge", out, "--out", f"{out}-2"),
    ):
        status, _, complaint = run(*command)
        assert (status, complaint.count("\n")) == (2, 1)
        assert "got no plugin poisson-concepts" in complaint
        assert PLACE in complaint


def test_without_the_plugin_its_kind_is_unknown(run: Run, tmp_path: Path) -> None:
    status, _, complaint = run("run", str(STUDY), "--out", str(tmp_path))
    assert (status, complaint.count("\n")) == (2, 1)
    assert "task.kind: got 'poisson'; expected one of regression" in complaint


def test_shards_are_merged(run: Run, tmp_path: Path) -> None:
    for shard in (1, 2):
        out = str(tmp_path / str(shard))
        assert run("run", str(STUDY), "--plugin", PLACE, "--out", out, "--shard", f"{shard}/2")[0] == 0
    folders = [str(tmp_path / str(shard)) for shard in (1, 2)]
    whole = str(tmp_path / "whole")
    status, text, _ = run("merge", *folders, "--out", whole, "--plugin", PLACE)
    assert status == 0
    assert "8 cells" in text


def test_the_schema_knows_its_kinds_keys_and_metrics(run: Run) -> None:
    document = tomllib.loads(STUDY.read_text(encoding="utf-8"))
    assert not Draft202012Validator(study_schema()).is_valid(document)
    status, text, _ = run("schema", "--plugin", PLACE)
    assert status == 0
    validator = Draft202012Validator(json.loads(text))
    Draft202012Validator.check_schema(json.loads(text))
    validator.validate(document)
    for table, key, value in (
        (document["task"]["weak"], "rate", 1.0),
        (document["estimator"][0], "num_weak", 0),
        (document["figure"][0], "y", "rates_error"),
    ):
        kept = dict(table)
        table[key] = value
        assert not validator.is_valid(document), key
        table.clear()
        table.update(kept)
    assert run("schema")[1] == schema_text()


BAD = [
    ('kind = "poisson"', 'kind = "poison"', "task.kind: got 'poison'"),
    (
        "rates = [2.0, 1.0, 4.0]\nsource",
        "rates = 2.0\nsource",
        "task.rates: got 2.0; expected a list of numbers",
    ),
    ("[task.weak]", "[task.strong]", "task.strong: got an unknown key"),
    ("rates = [[2.4, 1.3, 4.2], [2.0, 1.0, 4.0]]", "", "task.weak.rates: got nothing"),
    ("num_weak = [4, 16]", "num_weak = [4, 0]", "estimator[1].num_weak: got 0"),
    ('kind = "refine"', 'kind = "finetune"', "'finetune' for poisson concepts; expected one of refine"),
    ("rate_error", "style_error", "'style_error', which no cell has"),
]


@pytest.mark.parametrize(("old", "new", "words"), BAD)
def test_mistakes_in_its_studies_are_one_line(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = STUDY.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "study.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with brought_in(PLACE), pytest.raises(InputError) as complaint:
        load_study(path)
    assert words in str(complaint.value)


def test_our_estimators_learn_from_its_concepts() -> None:
    with brought_in(PLACE):
        known = registry()
        names = [name for name, kind in known.estimators.items() if kind.is_for(known.tasks["poisson"])]
        frame = w2s.compare(
            importlib.import_module("poisson_concepts.theorem").example(),
            {"read": w2s.InContext(8), "iterated": w2s.IteratedRefinement(3, num_weak=8)},
            replicates=64,
        )
    ours = {
        "refine",
        "infer",
        "posterior-ensemble",
        "iterated-refinement",
        "maximum-likelihood",
        "source",
        "oracle",
    }
    assert set(names) == {*ours, "mean-rate"}
    assert np.isfinite(frame["risk"]).all()


def test_its_floor_by_enumeration(x64: None) -> None:
    """E 1/sum x of one exposure has a closed form, and there the floor's slack is known."""
    model = importlib.import_module("poisson_concepts.model")
    task = importlib.import_module("poisson_concepts.theorem").example()
    case = w2s.Case("one", task, model.MeanRate(num_weak=1))
    draws = jax.vmap(lambda key: case.task.metrics(case.fit(key=key))["risk"])(
        jax.random.split(jax.random.key(0), 200_000)
    )
    inverse = np.log(1.9 / 0.1) / 1.8
    exact = 1.27 * (0.2**2 + 4.2 * inverse)
    error = np.std(draws) / np.sqrt(len(draws))
    assert abs(np.mean(draws) - exact) < 5 * error


def test_a_report_from_python(tmp_path: Path) -> None:
    (statement,) = importlib.import_module("poisson_concepts").PLUGIN.statements
    page = w2s.report(statement, out=tmp_path / "report", seed=3)
    assert page == tmp_path / "report" / "report.html"
    names = {path.name for path in page.parent.iterdir()}
    assert {"report.html", "verdicts.parquet", "manifest.json", "figures"} <= names
    manifest = json.loads((page.parent / "manifest.json").read_text())
    assert manifest["configuration"]["theorems"] == ["mean-rate-floor"]
    assert manifest["configuration"]["seed"] == 3
    with pytest.raises(InputError, match=r"^statements: got none"):
        w2s.report(out=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--out: got .*file"):
        w2s.report(statement, out=tmp_path / "file")


def test_what_it_brings_is_plain_data() -> None:
    with brought_in(PLACE):
        (brought,) = json.loads(json.dumps(what_plugins_bring()))
    assert brought["name"] == "poisson-concepts"
    assert [statement["id"] for statement in brought["statements"]] == ["mean-rate-floor"]
    assert (brought["tasks"], brought["estimators"]) == (["poisson"], ["mean-rate"])
    assert brought["studies"] == ["counting-or-reading"]
    assert what_plugins_bring() == []


def test_it_is_listed(run: Run) -> None:
    status, text, _ = run("list", "--plugin", PLACE)
    assert status == 0
    assert "mean-rate-floor" in text
    assert "counting-or-reading" in text
    assert text.splitlines()[-1].split() == ["poisson-concepts", PLACE, "poisson,", "mean-rate"]
    document = json.loads(run("list", "--json", "--plugin", PLACE)[1])
    assert document["theorems"][-1]["id"] == "mean-rate-floor"
    assert document["plugins"][0]["estimators"] == ["mean-rate"]
    assert json.loads(run("list", "--json")[1]) == read_contents()


def test_what_the_list_gets() -> None:
    assert plugin_listing.GROUP == loading.GROUP
    assert plugin_contents() == {"theorems": [], "studies": [], "plugins": []}
    contents = plugin_contents([PLACE])
    assert contents["theorems"][0].keys() == read_contents()["theorems"][0].keys()
    assert contents["studies"] == [
        {
            "name": "counting-or-reading",
            "question": "Is it better to count weak events, or to read them in context?",
        }
    ]
    assert [plugin["name"] for plugin in contents["plugins"]] == ["poisson-concepts"]
    asks = "import sys; from w2s_sim.cli.plugin_listing import plugin_contents as contents; contents(); "
    asks += "print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
