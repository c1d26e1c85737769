"""Where plugins come from: files, modules, entry points; and what is said of those that cannot be used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import w2s_sim as w2s
from tests.outsiders.commands import Run, run_commands
from w2s_sim.errors import InputError
from w2s_sim.plugins import brought_in, open_registry, registry
from w2s_sim.plugins.loading import is_place, load_place

ROOT = Path(__file__).parents[2]
run = pytest.fixture(run_commands)

STATEMENT = """\
import w2s_sim as w2s

LEMMA = w2s.Statement(
    id="a-lemma", kind="upper", exact=lambda case: 0.0, bound=lambda case: 1.0,
    cases=lambda preset: [w2s.Case("canonical", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=60))],
)
HALF = w2s.Statement(
    id="half-a-label", kind="upper", exact=lambda case: 0.25, bound=lambda case: 0.5, lemmas=(LEMMA,),
    cases=lambda preset: [w2s.Case("canonical", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=60))],
)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_theorem.py"
    path.write_text(STATEMENT, encoding="utf-8")
    return path


def test_words_that_are_places() -> None:
    assert all(map(is_place, ("a.py", "a/b.py", "package:NAME", "a.b:c")))
    assert not any(map(is_place, ("naive-floor", "half-a-label")))


def test_a_file_of_statements(run: Run, file: Path) -> None:
    status, text, _ = run("verify", str(file), "--json")
    assert status == 0
    roles = {(row["theorem"], row["role"]) for row in json.loads(text)["verdicts"]}
    # The lemma is one of the theorem, not a theorem of its own.
    assert {role for role in roles if role[1] != "mutant"} == {
        ("half-a-label", "theorem"),
        ("half-a-label", "lemma"),
    }
    status, text, _ = run("show", str(file))
    assert status == 0
    assert f"w2s verify half-a-label --plugin {file}" in text
    status, _, complaint = run("verify", "half-a-label")
    assert (status, complaint.count("\n")) == (2, 1)
    assert "half-a-label" in complaint


def test_a_file_beside_ids(run: Run, file: Path) -> None:
    status, text, _ = run("verify", "half-a-label", "--plugin", str(file), "--json")
    assert status == 0
    assert {row["theorem"] for row in json.loads(text)["verdicts"]} == {"half-a-label"}


def test_the_same_file_twice_is_one(file: Path) -> None:
    with brought_in(str(file), str(file)) as (first, again):
        assert first[0].statements[0] is again[0].statements[0]
        assert len(registry().brought) == 1
    assert registry().brought == ()


def test_a_file_that_was_changed_is_read_again(file: Path) -> None:
    with brought_in(str(file)) as (first,):
        pass
    file.write_text(STATEMENT.replace("half-a-label", "half-label"), encoding="utf-8")
    with brought_in(str(file)) as (second,):
        assert (first[0].statements[0].id, second[0].statements[0].id) == ("half-a-label", "half-label")


def test_two_files_of_one_name(run: Run, file: Path) -> None:
    other = file.parent / "other" / file.name
    other.parent.mkdir()
    other.write_text(STATEMENT.replace("half-a-label", "half-label"), encoding="utf-8")
    status, text, _ = run("verify", str(file), str(other), "--json")
    assert status == 0
    document = json.loads(text)
    assert {row["theorem"] for row in document["verdicts"]} == {"half-a-label", "half-label"}
    assert [plugin["name"] for plugin in document["manifest"]["plugins"]] == ["my-theorem", "my-theorem-2"]


def test_a_file_of_any_name(file: Path) -> None:
    for name in ("Étude Nr. 5.py", "__.py", f"{'long' * 40}.py"):
        (brought,) = load_place(str(file.rename(file.with_name(name))))
        assert [statement.id for statement in brought.plugin.statements] == ["half-a-label"]
        file = file.with_name(name)


def test_a_cell_of_a_notebook_may_run_twice(file: Path) -> None:
    """A plugin takes the place of an earlier one of its name from the same place, Python itself included."""
    half = load_place(str(file))[0].plugin.statements[0]
    with brought_in():
        w2s.bring_in(w2s.Plugin("mine"))
        w2s.bring_in(w2s.Plugin("mine", statements=(half,)))
        assert [plugin.statements for plugin in registry().plugins] == [(half,)]


def test_a_name_in_a_module(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The folder of the shell, as for scripts that lie there.
    monkeypatch.chdir(file.parent)
    monkeypatch.delitem(sys.modules, "my_theorem", raising=False)
    before = list(sys.path)
    status, text, _ = run("verify", "my_theorem:LEMMA", "--json")
    assert status == 0
    assert {row["theorem"] for row in json.loads(text)["verdicts"]} == {"a-lemma"}
    assert sys.path == before
    monkeypatch.delitem(sys.modules, "my_theorem")


def test_a_list_in_a_module(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.with_name("several.py").write_text(
        "from my_theorem import *\nALL = [HALF, LEMMA]\nNONE = []\nONE = 1\n"
    )
    monkeypatch.syspath_prepend(str(file.parent))
    (brought,) = load_place("several:ALL")
    assert [statement.id for statement in brought.plugin.statements] == ["half-a-label", "a-lemma"]
    assert brought.plugin.name == "several"
    for name, given in (("NONE", r"\[\]"), ("ONE", "1")):
        with pytest.raises(
            InputError, match=f"'several:{name}', which is {given}; expected a Plugin, a Stat"
        ):
            load_place(f"several:{name}")
    for module in ("several", "my_theorem"):
        monkeypatch.delitem(sys.modules, module)


def test_theorems_of_the_book_that_a_file_imports_are_not_its_own(file: Path) -> None:
    text = "from w2s_sim.statements.naive_floor import NAIVE_FLOOR\n" + STATEMENT
    file.write_text(text, encoding="utf-8")
    (brought,) = load_place(str(file))
    assert [statement.id for statement in brought.plugin.statements] == ["half-a-label"]


def test_a_file_may_import_its_neighbours(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = file.with_name("other.py")
    other.write_text("from my_theorem import HALF\n", encoding="utf-8")
    (brought,) = load_place(str(other))
    assert brought.plugin.statements[0].id == "half-a-label"
    monkeypatch.delitem(sys.modules, "my_theorem")


MISTAKES = [
    ("none.py", None, "none.py (No such file or directory); expected a Python file"),
    ("empty.py", "", "which holds no Plugin and no Statement"),
    ("broken.py", "1 / 0", "broken.py (ZeroDivisionError: division by zero); expected a Python module"),
    ("leaves.py", "raise SystemExit(3)", "leaves.py (SystemExit: 3); expected a Python module"),
    ("syntax.py", "def", "syntax.py (SyntaxError: "),
    ("kind.py", "import w2s_sim as w2s\nw2s.Plugin('A b')", "InputError: plugin: got 'A b'"),
    ("nowhere:NAME", None, "ModuleNotFoundError: No module named 'nowhere'"),
    ("json:NAME", None, "json has no 'NAME'"),
    ("json:loads", None, "'json:loads', which is the function loads; expected a Plugin, a Statement"),
    ("json:", None, "got 'json:'; expected FILE.py or MODULE:NAME"),
    (":NAME", None, "got ':NAME'; expected FILE.py or MODULE:NAME"),
    ("a b:NAME", None, "got 'a b:NAME'; expected FILE.py or MODULE:NAME"),
    ("folder/", None, "got 'folder/'; expected FILE.py or MODULE:NAME"),
]


@pytest.mark.parametrize(("place", "text", "words"), MISTAKES)
@pytest.mark.parametrize("command", ["verify", "show", "falsify", "run", "list", "schema"])
def test_a_place_that_is_none_is_one_line(
    place: str,
    text: str | None,
    words: str,
    command: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / place).write_text(text, encoding="utf-8")
    if command in ("verify", "show", "falsify"):
        given: tuple[str, ...] = (command, place)
    else:
        given = (command, *(("study.toml",) if command == "run" else ()), "--plugin", place)
    status, out, complaint = run(*given)
    assert (status, out, complaint.count("\n")) == (2, "", 1)
    assert words in complaint


def test_names_that_are_taken_are_refused_naming_both(file: Path) -> None:
    half = load_place(str(file))[0].plugin.statements[0]
    ours = w2s.find_statement("naive-floor")
    kind = registry().tasks["hmm"]
    for plugin, words in (
        (w2s.Plugin("one", statements=(ours,)), "statement 'naive-floor' of one, which w2s-sim has as well"),
        (w2s.Plugin("two", tasks=(kind,)), "kind of task 'hmm' of two, which w2s-sim has as well"),
        (
            w2s.Plugin("my-theorem"),
            r"plugin 'my-theorem' of my-theorem, which my-theorem \(.*my_theorem.py\) has",
        ),
        (w2s.Plugin("three", statements=(half, half)), "'half-a-label' of three, which my-theorem"),
    ):
        with brought_in(str(file)), pytest.raises(InputError, match=words):
            w2s.bring_in(plugin)
    with (
        pytest.raises(InputError, match="statement 'half-a-label' of three, which three has as well"),
        brought_in(w2s.Plugin("three", statements=(half, half))),
    ):
        pass
    assert registry().brought == ()


def test_a_statement_whose_tasks_no_file_describes_is_shown(run: Run, file: Path) -> None:
    text = STATEMENT.replace(
        "LEMMA = ",
        "class Own(w2s.LatentConceptModel):\n"
        "    def log_likelihood(self, inputs, labels): return labels[:, None] * self.prior\n"
        "    def sample_labels(self, inputs, concepts, *, key): return inputs\n\n"
        "class OwnTask(w2s.ConceptTask):\n"
        "    source: Own\n    target_prior: object\n    risk_label = 'none'\n"
        "    def sample_inputs(self, num, *, key): return None\n"
        "    def excess_risk(self, student): return 0.0\n"
        "    @property\n    def weak_student(self): return self.source\n\n"
        "OWN = w2s.Case('own', OwnTask(Own([1.0]), Own([1.0]).prior), w2s.InContext(3))\nLEMMA = ",
    )
    text = text.replace("lemmas=(LEMMA,),", "build_estimator=lambda numbers: w2s.InContext(3),")
    text = text.replace(
        '    cases=lambda preset: [w2s.Case("canonical"',
        '    cases=lambda preset: [OWN] or [w2s.Case("canonical"',
    )
    file.write_text(text + "ONLY = [HALF]\n", encoding="utf-8")
    status, out, complaint = run("show", "half-a-label", "--plugin", str(file))
    assert (status, complaint) == (0, "")
    assert out.splitlines()[-2:] == [
        "It takes no cases from files. To check its own cases, run",
        f"    w2s verify half-a-label --plugin {file}",
    ]
    assert run("verify", str(file))[0] == 0


def test_several_statements_are_no_one(run: Run, file: Path) -> None:
    file.write_text(STATEMENT.replace("lemmas=(LEMMA,),", ""), encoding="utf-8")
    for command in ("show", "falsify"):
        status, _, complaint = run(command, str(file))
        assert (status, complaint.count("\n")) == (2, 1)
        assert f"contains a-lemma, half-a-label; expected one of these ids, with --plugin {file}" in complaint


def distribution(folder: Path, name: str, value: str, text: str = STATEMENT) -> None:
    """An installed package, as far as Python can tell."""
    module = value.partition(":")[0]
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    info = folder / f"{module}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
    (info / "top_level.txt").write_text(f"{module}\n")
    (info / "entry_points.txt").write_text(f"[w2s_sim.plugins]\n{name} = {value}\n")


def w2s_command(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which looks for entry points anew."""
    paths = os.pathsep.join([str(path), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", "from w2s_sim.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )


PLUGIN = STATEMENT + 'PLUGIN = w2s.Plugin("halves", statements=(HALF,))\n'


def test_an_installed_plugin_is_simply_there(tmp_path: Path) -> None:
    distribution(tmp_path, "halves", "halves_package:PLUGIN", PLUGIN)
    done = w2s_command("verify", "half-a-label", "--json", path=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert {row["theorem"] for row in document["verdicts"]} == {"half-a-label"}
    assert document["manifest"]["plugins"] == [
        {"name": "halves", "version": "1.2", "origin": "halves_package 1.2"}
    ]
    shown = w2s_command("show", "half-a-label", path=tmp_path)
    # It has to be named by nobody.
    assert "w2s verify half-a-label\n" in shown.stdout


def test_an_installed_plugin_that_fails_is_one_warning(tmp_path: Path) -> None:
    distribution(tmp_path, "broken", "broken_package:PLUGIN", "1 / 0")
    distribution(tmp_path, "halves", "halves_package:PLUGIN", PLUGIN)
    distribution(tmp_path, "loose", "loose_package:HALF")
    distribution(tmp_path, "again", "again_package:PLUGIN", PLUGIN.replace('"halves"', '"others"'))
    done = w2s_command("verify", "half-a-label", "--json", path=tmp_path)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert "w2s: plugin broken (broken_package 1.2) is left out: ZeroDivisionError: division by zero" in lines
    assert any("plugin loose (loose_package 1.2) is left out" in line for line in lines)
    assert any(
        "'half-a-label' of halves (halves_package 1.2), which others (again_package 1.2)" in line
        for line in lines
    )


def test_entry_points_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(open_registry, "_at_hand", [])
    monkeypatch.setattr(open_registry, "installed_plugins", lambda: calls.append(1) or [])
    for _ in range(3):
        registry()
    assert calls == [1]


WRONG = [
    ('w2s.Plugin("My plugin")', "plugin: got 'My plugin'; expected a name of small letters"),
    (
        'w2s.Plugin("a", statements=["naive-floor"])',
        "plugin a: statements: got ['naive-floor']; expected a tuple",
    ),
    ('w2s.Plugin("a", tasks=(3,))', "plugin a: tasks: got (3,); expected a tuple, of a kind of task each"),
    ('w2s.Plugin("a", noise_laws=())', "plugin a: noise_laws: got (); expected a mapping"),
    (
        'w2s.TaskKind("x", lambda values, weak: 1, (), w2s.Task, int)',
        "source: got the class int; expected a subclass",
    ),
    (
        'w2s.TaskKind("x", lambda weak, values: 1, (), w2s.Task, w2s.StrongModel)',
        "kind x: build: got a function of",
    ),
    ('w2s.EstimatorKind("x", lambda task, numbers: 1, ["n"])', "got ['n']; expected a tuple of Parameters"),
    (
        'w2s.EstimatorKind("x", lambda task, numbers: 1, (), w2s.Task)',
        "tasks: got the class Task; expected a tuple",
    ),
    ("w2s.bring_in(3)", "plugin: got 3; expected a Plugin, FILE.py or MODULE:NAME"),
]


def test_plugins_of_the_wrong_things_are_refused() -> None:
    """Without the checks of types that tests have."""
    lines = ["import w2s_sim as w2s"]
    for code, _ in WRONG:
        lines += ["try:", f"    {code}", "except w2s.InputError as error:", "    print(error)"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    for (code, words), line in zip(WRONG, done.stdout.splitlines(), strict=True):
        assert words in line, code
