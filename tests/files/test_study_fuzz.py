"""The loader of study files under hypothesis: whatever a file holds is a study, or one line of complaint."""

import copy
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.files.bad_studies import GOOD, HMM, STYLES, TABLES
from w2s_sim.errors import InputError
from w2s_sim.files.study_file import REPLICATION, Study, load_study, read_study
from w2s_sim.plugins import registry
from w2s_sim.statements.contract.parameters import Parameter

GOOD_TEXTS = (GOOD, TABLES, HMM, STYLES)
DOCUMENTS = tuple(map(tomllib.loads, GOOD_TEXTS))
TASK_KINDS, KINDS = registry().tasks, registry().estimators
PARAMETERS = [
    *REPLICATION,
    *(parameter for keys in TASK_KINDS.values() for parameter in keys.parameters + keys.weak_parameters),
    *(parameter for kind in KINDS.values() for parameter in kind.parameters),
]
TABLE_NAMES = (
    "task",
    "weak",
    "estimator",
    "replication",
    "sweep",
    "figure",
    "mode",
    "where",
    "kind",
    "x",
    "y",
)
NAMES = sorted({*(parameter.name for parameter in PARAMETERS), *TABLE_NAMES, "num_demos", "log_x", "colour"})
WORDS = sorted(
    {*(word for parameter in PARAMETERS for word in parameter.choices), *KINDS, *TASK_KINDS, "zip"}
)
# More of everything that Python could trip over than chance would bring.
NUMBERS = [0, 1, 2, 3, 8, 64, 2**31, 2**63, 10**400, -1, 0.0, -0.0, 0.5, 1.0, 1e-45, 1e39, 1e308]
NUMBERS += [float("inf"), float("-inf"), float("nan")]
PARTS = ["num_weak", "task.dim", "ridge", "kind", "noise", "share", "1", "0.5", "'a'", "10**99", "-", "not "]
PARTS += [
    " > ",
    " == ",
    " + ",
    " / ",
    " ** ",
    " and ",
    " in ",
    "(",
    ")",
    "[",
    "]",
    "len(",
    "max(",
    ",",
    ".",
    "\\",
]

quick = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
conditions = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)
leaves = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(WORDS),
    st.booleans(),
    st.integers(-3, 70),
    st.floats(-2, 2),
    st.text(max_size=8),
    conditions,
    st.dates(),
    st.times(),
    st.datetimes(),
)
keys = st.one_of(st.sampled_from(NAMES), st.text(max_size=6))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)


def assert_read_or_refused(read: Callable[[], Study]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            assert isinstance(read(), Study)
        except InputError as complaint:
            text = str(complaint)
            assert text.isprintable(), text
            assert len(text) < 2500


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every table or list of a document with each of its keys or indices."""
    inside = list(node.items() if isinstance(node, dict) else enumerate(node))
    found = [(node, key) for key, _ in inside]
    return found + [place for _, value in inside if isinstance(value, dict | list) for place in places(value)]


def change(document: dict[str, Any], data: st.DataObject) -> None:
    """One change at one place."""
    all_places = places(document)
    if not all_places:
        return
    parent, key = data.draw(st.sampled_from(all_places))
    value = parent[key]
    action = data.draw(st.sampled_from(("replace", "delete", "rename", "add", "list", "nest", "repeat")))
    if action == "delete":
        del parent[key]
    elif action == "rename" and isinstance(parent, dict):
        parent[data.draw(keys)] = parent.pop(key)
    elif action == "add" and isinstance(parent, dict):
        parent[data.draw(keys)] = data.draw(values)
    elif action == "list":
        parent[key] = [value, *data.draw(st.lists(values, max_size=2))]
    elif action == "nest":
        parent[key] = {data.draw(keys): value}
    elif action == "repeat" and isinstance(value, list):
        parent[key] = value * data.draw(st.sampled_from((0, 2, 3)))
    else:
        parent[key] = data.draw(values)


@quick
@given(st.sampled_from(DOCUMENTS), st.integers(1, 3), st.data())
def test_changed_documents(document: dict[str, Any], num_changes: int, data: st.DataObject) -> None:
    changed = copy.deepcopy(document)
    for _ in range(num_changes):
        change(changed, data)
    assert_read_or_refused(lambda: read_study(changed))


@quick
@given(st.sampled_from(DOCUMENTS), st.sampled_from(PARAMETERS), st.sampled_from(NUMBERS), st.integers(0, 2))
def test_changed_numbers(document: dict[str, Any], parameter: Any, number: Any, depth: int) -> None:
    """A number at a key that may be one of the document, swept or not."""
    changed = copy.deepcopy(document)
    swept: Any = number
    for _ in range(depth):
        swept = [swept, 1]
    for table in (changed["task"], changed["task"]["weak"], changed["estimator"][0], changed["replication"]):
        if parameter.name in table:
            table[parameter.name] = swept
    assert_read_or_refused(lambda: read_study(changed))


def plausible(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values of the right type, of which many fit together."""
    if parameter.type is str:
        return st.sampled_from(parameter.choices)
    if parameter.type is bool:
        return st.booleans()
    if parameter.type is int:
        return st.integers(0, 20)
    number = st.one_of(st.sampled_from([0, 1, 0.5, 0.25]), st.floats(0, 3))
    if parameter.type is float:
        return number
    rows: st.SearchStrategy[Any] = st.one_of(st.sampled_from([[1], [0.5, 0.5], [0, 1], [0, 0, 0, 1]]))
    rows = st.one_of(rows, st.lists(number, min_size=1, max_size=9))
    for _ in range(parameter.depth - 1):
        rows = st.tuples(rows, st.integers(1, 4)).map(lambda pair: [pair[0]] * pair[1])
    return rows


@quick
@given(st.sampled_from(DOCUMENTS), st.integers(1, 5), st.data())
def test_keys_that_are_there_for_something(
    document: dict[str, Any], num_changes: int, data: st.DataObject
) -> None:
    """Keys of the right tables, with values of the right types: they fit, or contradict each other."""
    changed = copy.deepcopy(document)
    task = TASK_KINDS[changed["task"]["kind"]]
    kind = data.draw(st.sampled_from([name for name, entry in KINDS.items() if entry.is_for(task)]))
    numbers = {p.name: data.draw(plausible(p)) for p in KINDS[kind].parameters if p.required}
    estimator = {"kind": kind, **numbers}
    changed["estimator"].append(estimator)
    tables = [
        (changed["task"], task.parameters),
        (changed["task"]["weak"], task.weak_parameters),
        (estimator, KINDS[kind].parameters),
        (changed["replication"], REPLICATION),
    ]
    for _ in range(num_changes):
        table, parameters = data.draw(st.sampled_from([pair for pair in tables if pair[1]]))
        parameter = data.draw(st.sampled_from(parameters))
        # Other priors seldom fit the rest.
        if parameter.name in ("source_prior", "target_prior"):
            continue
        value = data.draw(plausible(parameter))
        several = data.draw(st.booleans()) and parameter.name not in ("kind", "seed")
        table[parameter.name] = (
            [value, *data.draw(st.lists(plausible(parameter), max_size=2))] if several else value
        )
    assert_read_or_refused(lambda: read_study(changed))


@quick
@given(st.sampled_from(DOCUMENTS), st.one_of(conditions, st.text(), st.lists(conditions, max_size=3)))
def test_conditions(document: dict[str, Any], condition: Any) -> None:
    assert_read_or_refused(lambda: read_study({**document, "sweep": {"where": condition}}))


@quick
@given(st.dictionaries(st.one_of(st.sampled_from(TABLE_NAMES), st.text(max_size=6)), values, max_size=6))
def test_any_documents(document: dict[str, Any]) -> None:
    assert_read_or_refused(lambda: read_study(document))


@quick
@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory, content)
    assert_read_or_refused(lambda: load_study(path))


@quick
@given(st.sampled_from(GOOD_TEXTS), st.data())
def test_changed_texts(tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 20)))
    put = data.draw(st.one_of(st.text(alphabet="[]{}=.,\"'\\#\n0123456789eE-+_ax", max_size=6), st.text()))
    path = written(tmp_path_factory, (text[:start] + put + text[stop:]).encode("utf-8", "surrogatepass"))
    assert_read_or_refused(lambda: load_study(path))


def written(factory: pytest.TempPathFactory, content: bytes) -> Path:
    path = factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(content)
    return path
