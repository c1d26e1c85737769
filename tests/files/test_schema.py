"""The JSON schema of study files, read by an independent validator: what it says is what the loader does."""

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.files.bad_studies import BAD, GOOD, HMM, STYLES, TABLES
from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.files.condition import LONGEST_TEXT
from w2s_sim.files.document import read_document
from w2s_sim.files.ready_studies import READY, find_study
from w2s_sim.files.schema import schema_path, schema_text, study_schema
from w2s_sim.files.study_file import read_study
from w2s_sim.files.task_table import example_tasks
from w2s_sim.plugins import registry
from w2s_sim.statements.contract.parameters import Parameter

KINDS, TASK_KINDS = registry().estimators, registry().tasks
SCHEMA = study_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
DOCUMENTS = [tomllib.loads(text) for text in (GOOD, TABLES, HMM, STYLES)]
TAIL = '\n[[estimator]]\nkind = "source"\n[replication]\nreplicates = 10\n'
DEMOS, FEATURES = "num_demos = [1, 2, 4]", "noise = 0.5\nfeature_map"
# What makes a file bad for reasons that no schema sees, by what they are.
LOADER_ONLY = {
    "JSON has no nan and no inf, and takes 1000.0 for whole": [
        "replicates = 1e3",
        "ridge = [nan]",
        "ridge = inf",
        "[0, 0, 0, nan]",
    ],
    "what a computer holds": [
        "ridge = 1e300",
        f"noise = {10**400}",
        'num_demos = 100_000\nnum_queries = 100_000\ncontext = "fresh"',
        "length = 40",
        f'{FEATURES} = "polynomial"\ninput_dim = 16\ndegree = 9\nfeatures = "rademacher"',
        f'{FEATURES} = "fourier"\ninput_dim = 3',
        f"{[[0.5, 0.5]] * 40000}",
        f"ridge = {list(range(60_000))}",
    ],
    "which cells have these values": [
        "[baseline]\nridges = 0\n[replication]",
        "[baseline]\nridge = 0.3\n[replication]",
        "[baseline]\nridge = 0.4\n[replication]",
    ],
    "sums, and signs of weights": [
        "[0.5, 0.25, 0.15, 0.2]",
        "[0, 0, -1, 2]",
        "[[0, 0, 0, 1], [0, 0, 0, 2]]",
        "[[0.1, 0.9], [0.5, 0.6]]]",
        "contexts = [0.5, 0.6]",
    ],
    "shapes, and sizes that two keys share": [
        "dim = [8, 2]",
        "num_concepts = 1_000_000",
        "num_concepts = 5",
        "[0.5, 0.25, 0.25]",
        "[0, 0, 1]",
        "[0.9, 0.1]",
        "[1, 0, 0]",
        "[[0.1, 0.9]]]",
        'kind = "general"\nconcepts = [[1, 2]]',
        'num_demos = 4\nnum_queries = 12\ncontext = "leave-one-out"',
        f'{FEATURES} = "polynomial"\ninput_dim = 2\ndegree = 9',
        f'{DEMOS}\nnum_queries = [20, 40]\n[sweep]\nmode = "zip"',
    ],
    "a value twice, which a zip may have": [
        "ridge = [0.3, 0.1, 0.3]",
        "ridge = [0.0, -0.0]",
        "dim = [8, 8]",
    ],
    "what one table says of another, or one key of the value of another": [
        "replicates = 10\ngrouped = true",
        '"finetune"',
        '"refine"\nnum_demos = 4\nnum_queries = 8',
        'kind = "noisy"\nnoise = 0.4',
        f'{FEATURES} = "fourier"\ninput_dim = 1\nmap_seed = 3\nfrequencies = [[1]]\nphases = [1]',
        "noise = 0.5\ndegrees_of_freedom = 5",
    ],
}


def seen_by_the_loader_alone(document: dict[str, Any], new: str, words: list[str]) -> bool:
    """Whether an entry of `BAD` is listed above, or about what a condition says."""
    if words[0] == "sweep.where":
        condition = document["sweep"]["where"]
        return isinstance(condition, str) and len(condition) <= LONGEST_TEXT
    return any(new in texts for texts in LOADER_ONLY.values())


def with_tail(task: str) -> dict[str, Any]:
    return tomllib.loads(task + TAIL)


def changed(text: str, old: str, new: str) -> dict[str, Any]:
    assert old in text
    return tomllib.loads(text.replace(old, new, 1))


def refuses(document: dict[str, Any]) -> bool:
    try:
        read_study(document)
    except InputError:
        return True
    return False


def test_the_shipped_file_is_what_the_tables_say() -> None:
    shipped = schema_path().read_text(encoding="utf-8")
    assert shipped == schema_text(), "write it anew: python -m w2s_sim.files.schema"
    Draft202012Validator.check_schema(json.loads(shipped))


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["schema"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out == schema_text()


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for entry in schema:
            yield from properties(entry)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for value in schema.values():
            yield from properties(value)


def test_editors_find_every_key_explained_and_nothing_that_they_cannot_follow() -> None:
    words = json.dumps(SCHEMA)
    assert not any(f'"{word}":' in words for word in ("$ref", "allOf", "if", "then"))
    for name, schema in properties(SCHEMA):
        # Beside branches of its own a description is not shown, unless keys stand there too.
        shown = [schema] if "properties" in schema else schema.get("anyOf", [schema])
        assert all(branch.get("description") for branch in shown), name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_good_studies_are_valid(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)


@pytest.mark.parametrize("name", READY)
def test_ready_studies_are_valid(name: str) -> None:
    VALIDATOR.validate(read_document(find_study(name)))


@pytest.mark.parametrize("name", TASK_KINDS)
def test_example_tasks_are_valid(name: str) -> None:
    document = with_tail(example_tasks(name)[0])
    VALIDATOR.validate(document)
    read_study(document)


def value_of(parameter: Parameter) -> Any:
    if parameter.default is not None:
        return parameter.default
    if parameter.type is list:
        return parameter.example
    return 4 if parameter.type is int else 0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optional", [False, True])
def test_every_kind_of_estimator_with_its_keys(kind: str, optional: bool) -> None:
    parameters = KINDS[kind].parameters
    keys = {p.name: value_of(p) for p in parameters if p.required or optional}
    task = next(name for name, entry in TASK_KINDS.items() if KINDS[kind].is_for(entry))
    document = {**with_tail(example_tasks(task)[0]), "estimator": [{"kind": kind, **keys}]}
    VALIDATOR.validate(document)
    read_study(document)
    # A list of a value is as good as the value; one key more, or one too few, is not.
    swept = {name: [value] for name, value in keys.items()}
    VALIDATOR.validate({**document, "estimator": [{"kind": kind, **swept}]})
    assert not VALIDATOR.is_valid({**document, "estimator": [{"kind": [kind], **keys}]})
    assert not VALIDATOR.is_valid({**document, "estimator": [{"kind": kind, **keys, "extra": 1}]})
    for parameter in parameters:
        less = {name: value for name, value in keys.items() if name != parameter.name}
        assert VALIDATOR.is_valid({**document, "estimator": [{"kind": kind, **less}]}) == (
            not parameter.required and "num_queries" not in {parameter.name} & keys.keys()
        )


SWEPT = [
    (GOOD, 'kind = "regression"', 'kind = ["regression"]', True),
    (GOOD, 'kind = "regression"\n', "", True),
    (GOOD, "noise = 0.5", 'noise = 1\nfeatures = ["gaussian", "uniform"]', True),
    (GOOD, "noise = 0.5", 'noise = 1\nfeatures = [["gaussian"]]', False),
    (GOOD, "[0, 0, 0, 1]", "[[0, 0, 0, 1], [0, 0, 1, 0]]", True),
    (GOOD, "[0, 0, 0, 1]", "[[0, 0, 0, 1], 3]", False),
    (GOOD, "[0, 0, 0, 1]", "[[[0, 0, 0, 1]]]", False),
    (GOOD, "[task.weak]", '[[task.weak]]\nkind = "noisy"\n[[task.weak]]', True),
    (
        GOOD,
        '[task.weak]\nkind = "biased"\nbias = 0.7',
        "[[task.weak]]\nkind = 'biased'\nbias = [0, 1]",
        False,
    ),
    (TABLES, '"smoothed"', '["smoothed", "shifted"]', True),
    (TABLES, '"smoothed"', '["smoothed", "general"]', False),
    (TABLES, '"categorical"', '["categorical", "hmm"]', False),
    (GOOD, DEMOS, "num_demonstrations = [1, 2, 4]", True),
    (GOOD, "seed = 3", '[sweep]\nwhere = "num_weak > 50"', True),
    (GOOD, "seed = 3", '[sweep]\nwhere = ["num_weak > 50", "ridge > 0"]', True),
    (GOOD, "seed = 3", '[figure]\nx = "sample_size"\ncolour = "ridge"\npanel = "estimator.kind"', True),
    (GOOD, "seed = 3", '[[figure]]\nx = "sample_size"\nname = "../risk"', False),
    (GOOD, "replicates = 100", "target_relative_se = 0.1", True),
]


@pytest.mark.parametrize(("text", "old", "new", "good"), SWEPT)
def test_it_says_what_may_be_a_list_as_the_loader_does(text: str, old: str, new: str, good: bool) -> None:
    document = changed(text, old, new)
    assert VALIDATOR.is_valid(document) == good
    assert refuses(document) != good


def test_bad_studies_are_refused_but_for_what_only_the_loader_sees(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    wrong, refused = [], 0
    for text, old, new, words in BAD:
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        try:
            document = read_document(path)
        except InputError:
            continue  # No TOML: nothing that a schema would see.
        valid = VALIDATOR.is_valid(document)
        refused += not valid
        if valid != seen_by_the_loader_alone(document, new, words):
            wrong.append((new[:100], words, "valid" if valid else "refused"))
    assert not wrong, "to LOADER_ONLY, if no schema can see it"
    assert refused > 0.5 * len(BAD)


def test_the_list_of_what_only_the_loader_sees_is_in_use() -> None:
    used = {new for _, _, new, _ in BAD}
    assert not [new[:100] for texts in LOADER_ONLY.values() for new in texts if new not in used]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to everything in a document."""
    yield path
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from places(entry, (*path, key))
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from places(entry, (*path, position))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


KEYS = sorted(
    {key for document in DOCUMENTS for path in places(document) for key in path if isinstance(key, str)}
)
NUMBERS = st.integers(-3, 9) | st.floats(-2, 2, allow_nan=False).map(lambda number: round(number, 2))
VALUES = st.recursive(
    st.booleans()
    | NUMBERS
    | st.sampled_from(["regression", "general", "refine", "zip", "", "num_weak > 50"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_key_that_the_schema_does_not_know_the_loader_does_not_know(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    tables = [path for path in places(document) if isinstance(at(document, path), dict)]
    table = at(document, data.draw(st.sampled_from(tables)))
    key = data.draw(st.sampled_from(KEYS) | st.text(max_size=8))
    table.setdefault(key, data.draw(VALUES))
    errors = [error for top in VALIDATOR.iter_errors(document) for error in (top, *(top.context or ()))]
    if any(error.validator == "additionalProperties" for error in errors) and not VALIDATOR.is_valid(
        document
    ):
        assert refuses(document)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_the_schema_refuses_the_loader_refuses(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    path = data.draw(st.sampled_from([path for path in places(document) if path]))
    if data.draw(st.booleans()):
        at(document, path[:-1])[path[-1]] = data.draw(VALUES)
    else:
        del at(document, path[:-1])[path[-1]]
    if not VALIDATOR.is_valid(document):
        assert refuses(document)
