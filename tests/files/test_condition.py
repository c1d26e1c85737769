"""Conditions on cells: what they say, of which keys, and what is no condition."""

from typing import Any

import pytest

from w2s_sim.errors import InputError
from w2s_sim.files.condition import Condition, read_conditions

CELL = {
    "task.dim": 8,
    "task.noise": 0.5,
    "task.weak.noise": 1.0,
    "task.target_prior": [0, 0, 0, 1],
    "estimator.kind": "refine",
    "estimator.num_demonstrations": 4,
    "estimator.num_weak": 50,
}


def condition(text: Any) -> Condition:
    (only,) = read_conditions(text, list(CELL))
    return only


HOLDS = [
    ("num_weak >= 2 * task.dim", True),
    ("estimator.num_weak >= 20 * dim", False),
    ("task.weak.noise > task.noise", True),
    ("weak.noise == 1", True),
    ("num_weak % dim == 2 and num_weak // dim == 6 and num_weak / dim > 6", True),
    ("2 ** dim > num_weak", True),
    ("not dim > 3", False),
    ("-dim < +num_weak", True),
    ("4 < dim <= 8 < num_weak", True),
    ("dim == 9 or num_weak == 50", True),
    ("kind in ['refine', 'oracle']", True),
    ("kind not in ('refine', 'oracle')", False),
    ("kind == 'refine' and num_weak != 4", True),
    ("dim > 3 if kind == 'refine' else dim > 30", True),
    ("max(dim, num_weak) == 50 and min(dim, num_weak) == abs(-8)", True),
    ("len(task.target_prior) == 4", True),
    ("target_prior[3] == 1 and max(target_prior) == 1", True),
    ("target_prior == [0, 0, 0, 1]", True),
    ("num_demos == 4", True),
    ("estimator.num_demos == 4", True),
    ("  dim == 8\n", True),
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_what_conditions_say(text: str, expected: bool) -> None:
    assert condition(text).holds(CELL) is expected
    # Again, from what is remembered.
    assert condition(text).holds(CELL) is expected


def test_cells_are_told_apart() -> None:
    said = condition("num_weak >= 2 * task.dim")
    assert [said.holds({**CELL, "estimator.num_weak": n}) for n in (15, 16, 15, 17)] == [False, True] * 2
    assert condition("num_weak == True").holds({**CELL, "estimator.num_weak": 1})


def test_a_cell_that_lacks_a_key_is_none_of_its_business() -> None:
    said = condition("num_weak < 0 and kind == 'refine'")
    assert not said.holds(CELL)
    assert said.holds({"estimator.kind": "refine", "task.dim": 8})


def test_keys_are_named_once_in_full() -> None:
    assert condition("num_weak > dim or estimator.num_weak == 3").keys == ("estimator.num_weak", "task.dim")


def test_several_conditions() -> None:
    several = read_conditions(["dim > 3", "dim < 9"], list(CELL))
    assert [said.text for said in several] == ["dim > 3", "dim < 9"]


NONE = [
    (3, "got 3"),
    ([], "an empty list"),
    ([["dim > 3"]], r"\['dim > 3'\]"),
    (["dim > 3"] * 101, "101 conditions"),
    ("", "got ''"),
    ("dim >", "got 'dim >'"),
    ("dim > 3; dim < 4", "got"),
    ("dim := 3", "got"),
    ("\0", "got"),
    ("1 < 2", "contains no key"),
    ("dimm > 3", r"'dimm', a key that no cell has \(did you mean 'dim'\?\)"),
    ("noise > 3", "'noise', which several keys end with; expected one of task.noise, task.weak.noise"),
    ("task > 3", "'task', a key that no cell has"),
    ("task.weak > 3", "'task.weak', a key that no cell has"),
    ("dim.real > 3", "'dim.real', a key that no cell has"),
    ("dim.__class__ == 3", "a key that no cell has"),
    ("(dim + 1).real > 3", "Attribute is not allowed"),
    ("kind.upper() == 'X'", "Call is not allowed"),
    ("int(dim) > 3", "Call is not allowed"),
    ("max(dim, key=len) > 3", "Call is not allowed"),
    ("max(*target_prior) > 0", "Starred is not allowed"),
    ("(lambda: dim)() > 3", "Call is not allowed"),
    ("(lambda: dim) == 3", "Lambda is not allowed"),
    ("[n for n in target_prior] == 3", "ListComp is not allowed"),
    ("{dim} == 3", "Set is not allowed"),
    ("(n := dim) == 3", "NamedExpr is not allowed"),
    ("f'{dim}' == '8'", "JoinedStr is not allowed"),
    ("target_prior[1:] == 3", "Slice is not allowed"),
    ("dim << 3 == 3", "LShift is not allowed"),
    ("dim is 8", "Is is not allowed"),
    ("dim == None", "Constant is not allowed"),
    ("dim == 1j", "Constant is not allowed"),
    ("dim == '\\d'", None),
    ("-" * 200 + "dim > 3", "nested more than 40 deep"),
    ("(" * 900 + "dim" + ")" * 900, "1,803 characters"),
    (".".join(["dim"] * 20), "a key that no cell has"),
    (".".join(["dim"] * 200), "nested more than 40 deep"),
]


@pytest.mark.parametrize(("text", "words"), NONE)
def test_what_is_no_condition(text: Any, words: str | None) -> None:
    if words is None:
        assert condition(text).holds(CELL) is False
        return
    with pytest.raises(InputError, match=words) as complaint:
        read_conditions(text, list(CELL))
    assert str(complaint.value).isprintable()


UNFIT = [
    ("dim", "which is 8 at task.dim = 8"),
    ("dim + 1", "which is 9"),
    ("dim and num_weak", "which is 50"),
    ("kind", "which is 'refine'"),
    ("target_prior", "which is"),
    ("dim / (num_weak - 50) > 1", "division by zero"),
    ("kind > 3", "not supported"),
    ("kind * 1_000_000_000 == 'x'", "'refine' is no number"),
    ("'%9999999999d' % dim == 'x'", "is no number"),
    ("target_prior + target_prior == 3", "is no number"),
    ("dim ** num_weak ** num_weak > 1", "too large a power"),
    ("10.0 ** (num_weak ** 2) > 1", "result out of range"),
    ("(-dim) ** 0.5 > 1", "not supported"),
    ("target_prior[9] == 1", "out of range"),
    ("dim[0] == 1", "not subscriptable"),
    ("len(dim) == 1", "len"),
    ("max(dim) == 1", "not iterable"),
]


@pytest.mark.parametrize(("text", "words"), UNFIT)
def test_what_cells_do_not_fit(text: str, words: str) -> None:
    said = condition(text)
    with pytest.raises(InputError, match=words) as complaint:
        said.holds(CELL)
    assert str(complaint.value).startswith("sweep.where: got ")
    assert str(complaint.value).isprintable()
