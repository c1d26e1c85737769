"""Sweeps: sizes and orders of grids, lists that are values, lists that are swept."""

import itertools
from typing import Any

import pytest

from w2s_sim.errors import InputError
from w2s_sim.files.sweep import (
    Sweep,
    flat,
    hashable,
    list_depths,
    nothing_kept,
    read_sweep,
    swept_axes,
    task_list_depths,
    with_values,
)
from w2s_sim.plugins import registry

GRID, ZIP = Sweep(False, ()), Sweep(True, ())
ROW = [0.5, 0.5]


def axes(*lengths: int) -> dict[tuple[str, ...], list[Any]]:
    return {("task", f"key{index}"): list(range(length)) for index, length in enumerate(lengths)}


@pytest.mark.parametrize("lengths", [(), (1,), (3,), (2, 3), (4, 1, 5)])
def test_a_grid_is_the_product_of_its_lists(lengths: tuple[int, ...]) -> None:
    found = [tuple(values.values()) for values in GRID.combinations(axes(*lengths))]
    assert found == list(itertools.product(*map(range, lengths)))
    assert GRID.size(axes(*lengths)) == len(found)


@pytest.mark.parametrize("lengths", [(), (1,), (3,), (3, 3), (2, 2, 2)])
def test_lists_in_step(lengths: tuple[int, ...]) -> None:
    found = [tuple(values.values()) for values in ZIP.combinations(axes(*lengths))]
    assert found == (list(zip(*map(range, lengths), strict=True)) if lengths else [()])
    assert ZIP.size(axes(*lengths)) == len(found)


def test_lists_in_step_have_one_length() -> None:
    with pytest.raises(InputError, match=r"task\.key0: 2, task\.key1: 3; expected lists of equal length"):
        ZIP.size(axes(2, 3))


def test_which_tasks_meet_which_estimators() -> None:
    assert list(GRID.pairs(2, 2)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(ZIP.pairs(2, 2)) == [(0, 0), (1, 1)]
    # Only one of the two has lists.
    assert list(ZIP.pairs(1, 3)) == [(0, 0), (0, 1), (0, 2)]
    assert list(ZIP.pairs(3, 1)) == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize(
    "twice", [[1, 2, 1], [0.5, 0.5], [1, 1.0], [0.0, -0.0], [ROW, [1, 0], ROW], ["a", "a"]]
)
def test_a_value_twice_is_refused_in_a_grid(twice: list[Any]) -> None:
    with pytest.raises(InputError, match=r"^ridge: got .* twice; expected every value once"):
        GRID.require_distinct({("ridge",): twice})
    ZIP.require_distinct({("ridge",): twice})
    GRID.require_distinct({("ridge",): twice[:1], ("noise",): twice[:1]})


def test_lists_by_themselves_are_known_of_every_kind_of_task() -> None:
    kinds = registry().tasks
    # Of a table that names no kind that there is, those of all kinds: these agree.
    all_depths = task_list_depths({"kind": "nonsense"})
    for name, kind in kinds.items():
        parameters = [*kind.parameters, *kind.weak_parameters]
        depths = task_list_depths({"kind": name})
        assert depths == {p.name: p.depth for p in parameters if p.type is list}
        assert depths.items() <= all_depths.items()
        # No name that is a number elsewhere.
        assert not {p.name for p in parameters if p.type is not list} & set(all_depths)
    of_estimators = {name: list_depths(kind.parameters) for name, kind in registry().estimators.items()}
    assert {name for name, depths in of_estimators.items() if depths} == {"bootstrap"}
    assert of_estimators["bootstrap"] == {"middle": 2, "ridges": 1}
    assert task_list_depths({})["source_prior"] == 1
    assert task_list_depths({})["concepts"] == 2
    assert task_list_depths({"kind": "hmm"})["emission"] == 3


def test_lists_of_more_depth_are_swept() -> None:
    table = {"task": {"dim": [1, 2], "source_prior": ROW, "weak": {"share": [0.1], "tables": [[ROW]]}}}
    depths = {"source_prior": 1, "tables": 3}
    assert swept_axes(table, depths) == {("task", "dim"): [1, 2], ("task", "weak", "share"): [0.1]}
    deeper = {"source_prior": [ROW, ROW], "tables": [[[ROW]]]}
    assert swept_axes(deeper, depths) == {("source_prior",): [ROW, ROW], ("tables",): [[[ROW]]]}
    with pytest.raises(InputError, match=r"a\.b: got an empty list; expected at least one value"):
        swept_axes({"a": {"b": []}}, {})


def test_one_value_in_place_of_every_list() -> None:
    table = {"task": {"dim": [1, 2], "source_prior": ROW, "weak": {"share": [0.1, 0.2]}}}
    chosen = with_values(table, {("task", "dim"): 2, ("task", "weak", "share"): 0.1})
    assert chosen == {"task": {"dim": 2, "source_prior": ROW, "weak": {"share": 0.1}}}
    assert dict(flat(chosen)) == {"task.dim": 2, "task.source_prior": ROW, "task.weak.share": 0.1}


def test_equal_values_are_one() -> None:
    assert hashable([1, [2, {"a": [3]}]]) == hashable([1.0, [2, {"a": [3.0]}]])
    assert hashable([1, 2]) != hashable([2, 1])


def test_the_table() -> None:
    assert read_sweep({}, ["task.dim"]) == GRID
    assert read_sweep({"mode": "zip"}, ["task.dim"]) == ZIP
    sweep = read_sweep({"where": ["dim > 3", "dim < 9"]}, ["task.dim"])
    assert [n for n in range(12) if sweep.keeps({"task.dim": n})] == [4, 5, 6, 7, 8]
    assert "dim > 3; dim < 9" in str(nothing_kept(sweep))
    for table, words in (
        (3, "sweep: got 3; expected a table"),
        ({"mode": "all"}, "sweep.mode: got 'all'; expected one of grid, zip"),
        ({"wher": "dim > 3"}, "sweep.wher: got an unknown key .did you mean 'where'"),
    ):
        with pytest.raises(InputError, match=words):
            read_sweep(table, ["task.dim"])
