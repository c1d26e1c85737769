"""Names of keys and values, as people read them in figures."""

from typing import Any

import pandas as pd
import pytest

from w2s_sim.plotting.labels import axis_label, distinct_values, short_label, value_labels


@pytest.mark.parametrize(
    ("key", "short", "axis"),
    [
        ("task.noise", "noise", "label noise, $\\sigma$ (label units)"),
        ("task.weak.noise", "weak noise", "weak label noise, $\\sigma'$ (label units)"),
        ("estimator.ridge", "ridge", "ridge to the source, $\\eta$"),
        ("ridge", "ridge", "ridge to the source, $\\eta$"),
        ("task.weak.degrees_of_freedom", "weak degrees of freedom", "weak degrees of freedom"),
        ("task.map_seed", "map seed", "map seed"),
        ("sample_size", "weak pairs", "weak pairs consumed"),
    ],
)
def test_keys_have_names_that_people_read(key: str, short: str, axis: str) -> None:
    assert (short_label(key), axis_label(key)) == (short, axis)


LISTS = [str([0.1] * 20 + [last]) for last in (1, 2)]


@pytest.mark.parametrize(
    ("key", "column", "labels"),
    [
        ("estimator.ridge", [1.0, 0.3, None], ["ridge = 0.3", "ridge = 1", "refine"]),
        ("estimator.size", pd.array([20, 3, None], "Int64"), ["size = 3", "size = 20", "refine"]),
        ("task.size", [20, None, None], ["size = 20", "no size"]),
        ("estimator.kind", ["refine", "finetune"], ["refine", "finetune"]),
        ("task.features", ["gaussian", "$"], ["features = gaussian", "features = \\$"]),
        ("estimator.grouped", [True, False], ["grouped = False", "grouped = True"]),
        ("x", [0.12345678, 0.12345679], ["x = 0.12345678", "x = 0.12345679"]),
        ("x", [1e6, 1e6 + 1], ["x = 1000000", "x = 1000001"]),
        ("x", LISTS, [f"x = {LISTS[0][:31]}… ({place})" for place in (1, 2)]),
    ],
)
def test_values_are_written_so_that_people_tell_them_apart(key: str, column: Any, labels: list[str]) -> None:
    table = pd.DataFrame({"estimator.kind": ["finetune", "finetune", "refine"][: len(column)]})
    table[key] = column
    assert value_labels(table, key, distinct_values(pd.Series(table[key]))) == labels
