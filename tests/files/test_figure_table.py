"""The `[[figure]]` tables of a study: what is refused before anything runs, and the files that are drawn."""

from collections.abc import Iterator
from typing import Any

import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.files.figure_table import MEASURED, StudyFigure, read_figures
from w2s_sim.files.study_file import Study, read_study
from w2s_sim.statements.shared.finite_examples import style_content_task
from w2s_sim.tasks.metric_labels import RELATIVE_RISKS, metric_names

TASK = {
    "kind": "regression",
    "dim": 4,
    "num_concepts": 2,
    "noise": [0.5, 1.0],
    "source_prior": [0.7, 0.3],
    "target_prior": [0, 1],
    "weak": {"kind": "biased", "noise": 0.5, "bias": 0.7},
}
NAIVE = {"kind": "finetune", "ridge": [0.0, 0.3], "num_weak": [50, 200]}
REFINED = {"kind": "refine", "num_demonstrations": [1, 2, 4]}
ORACLE = {"kind": "oracle"}
STYLES = {
    "kind": "style-content",
    "source_prior": [0.4, 0.1, 0.4, 0.1],
    "target_prior": [0, 0, 1, 0],
    "style_tables": [[[0.9, 0.1]], [[0.2, 0.8]]],
    "content_tables": [[[0.9, 0.1]], [[0.2, 0.8]]],
    "weak": {"kind": "wrong-style", "share": [0.1, 0.2]},
}


def study_of(*figures: Any, estimators: Any = (NAIVE, REFINED, ORACLE), task: Any = TASK) -> Study:
    document = {
        "task": task,
        "estimator": [dict(estimator) for estimator in estimators],
        "replication": {"replicates": 10},
    }
    return read_study({**document, "figure": list(figures)})


GOOD = {"x": "sample_size", "colour": "ridge", "panel": "task.noise", "log_x": True}


def test_keys_are_resolved_and_the_rest_has_defaults() -> None:
    (figure,) = study_of(GOOD).figures
    expected = StudyFigure("figure-1", "sample_size", "risk", "estimator.ridge", "task.noise", True, False)
    assert figure == expected
    assert study_of().figures == ()


def test_what_can_be_drawn_is_what_is_measured() -> None:
    relative, errors = ("pgr", "gain_over_source"), ("style_error", "content_error")
    assert ("risk", "prior_kl", "prior_tv", *relative, *errors, "ceiling_gap") == MEASURED
    tasks = [w2s.canonical_task(), style_content_task(), w2s.capacity_task(4, 1, 2, 1)]
    assert {*MEASURED} == {*metric_names(tasks), *RELATIVE_RISKS}


REFUSED = [
    ({"z": 1}, "figure[1].z: got an unknown key"),
    ({"colours": "ridge"}, "did you mean 'colour'"),
    ({"name": "a b"}, "figure[1].name: got 'a b'; expected letters"),
    ({"name": "../up"}, "figure[1].name"),
    ({"name": ""}, "figure[1].name"),
    ({"name": 3}, "figure[1].name: got 3"),
    ({"y": "loss"}, "figure[1].y: got 'loss'; expected one of risk, prior_kl"),
    ({"y": ["risk"]}, "figure[1].y: got ['risk']"),
    ({"y": "style_error"}, "'style_error', which no cell has"),
    ({"y": "content_error"}, "expected one of risk, prior_kl, prior_tv, pgr"),
    ({"x": None}, "figure[1].x: got nothing"),
    ({"x": 3}, "figure[1].x: got 3; expected a key of the cells"),
    ({"x": "num_wek"}, "did you mean 'num_weak'"),
    ({"x": "noise"}, "'noise', which several keys end with"),
    ({"x": "estimator.kind"}, "'estimator.kind', whose values are not numbers ('finetune')"),
    ({"x": "source_prior"}, "'task.source_prior', whose values are not numbers"),
    ({"colour": "estimator.sample_size"}, "a key that no cell has"),
    ({"panel": True}, "figure[1].panel: got True"),
    ({"colour": "sample_size"}, "figure[1].colour: got 'sample_size', which is drawn already"),
    ({"panel": "ridge"}, "figure[1].panel: got 'estimator.ridge', which is drawn already"),
    ({"log_x": "yes"}, "figure[1].log_x: got 'yes'; expected true or false"),
    ({"log_y": 1}, "figure[1].log_y: got 1"),
    ({"x": "ridge", "colour": "num_weak"}, "figure[1].log_x: got true, with estimator.ridge = 0.0"),
    ({"width": "triple"}, "figure[1].width: got 'triple'; expected 'single' (3.25 inches), 'double'"),
    ({"width": 1.5}, "a number of inches from 2 to 20"),
    ({"width": True}, "figure[1].width: got True"),
    ({"format": "gif"}, "figure[1].format: got 'gif'; expected some of pdf, svg, png"),
    ({"format": []}, "figure[1].format: got []"),
    ({"title": 3}, "figure[1].title: got 3; expected a text of one line"),
    ({"x_label": "two\nlines"}, "figure[1].x_label"),
    ({"y_label": "costs $5"}, "figure[1].y_label: got 'costs $5'; expected formulas between two dollar"),
    ({"order": [0.3, 7.0]}, "figure[1].order: got [0.3, 7.0]; expected a list of some of 0.0, 0.3"),
    ({"order": [0.3, 0.3]}, "figure[1].order"),
    ({"order": "0.3"}, "figure[1].order"),
    ({"colour": None, "order": [0.3]}, "figure[1].order: got [0.3]; expected a key colour"),
    ({"colour": None}, "cells 0 and 2 at the same place; expected colour or panel among estimator.ridge"),
    ({"panel": None}, "cells 0 and 4 at the same place; expected colour or panel among task.noise"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[str(change) for change, _ in REFUSED])
def test_what_cannot_be_drawn_is_refused(change: dict[str, Any], message: str) -> None:
    table = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(InputError) as refusal:
        study_of(table)
    assert message in str(refusal.value)


def test_how_a_figure_looks_is_read_with_the_rest() -> None:
    looks = {"width": "single", "format": "pdf", "title": "Which $\\eta$?", "x_label": "n", "order": [0.3]}
    (figure,) = study_of({**GOOD, **looks}).figures
    assert (figure.width, figure.formats, figure.order) == (3.25, ("pdf",), (0.3,))
    assert (figure.title, figure.x_label, figure.y_label) == ("Which $\\eta$?", "n", "")
    (plain,) = study_of(GOOD).figures
    assert (plain.width, plain.formats, plain.order) == (None, ("png", "svg"), ())


def test_tables_that_are_none_and_names_that_are_taken_are_refused() -> None:
    with pytest.raises(InputError, match=r"figure: got 'risk'; expected a table"):
        study_of("risk")
    with pytest.raises(
        InputError, match=r"figure\[2\].name: got 'Risk'; expected a name that no other figure has"
    ):
        study_of({**GOOD, "name": "risk"}, {**GOOD, "name": "Risk"})
    with pytest.raises(InputError, match=r"figure\[2\].log_y"):
        study_of(GOOD, {**GOOD, "log_y": 2})


def test_cells_that_are_the_same_cannot_be_told_apart() -> None:
    one = {**NAIVE, "ridge": 0.3, "num_weak": 50}
    with pytest.raises(InputError, match="expected no two cells that are the same"):
        study_of({"x": "num_weak", "panel": "task.noise"}, estimators=[one, one])


def test_numbers_are_told_apart_by_their_values() -> None:
    """As in the table of results, where a column has one type."""
    twice = [{**NAIVE, "ridge": ridge, "num_weak": [50, 60]} for ridge in (1, 1.0)]
    with pytest.raises(InputError, match="at the same place"):
        study_of({"x": "num_weak", "colour": "ridge", "panel": "task.noise"}, estimators=twice)


@pytest.mark.parametrize(
    ("estimators", "task", "y", "fits"),
    [
        ([NAIVE], TASK, "prior_kl", False),
        ([NAIVE], TASK, "prior_tv", False),
        ([NAIVE], TASK, "pgr", True),
        ([NAIVE], TASK, "gain_over_source", True),
        ([NAIVE, REFINED], TASK, "prior_kl", True),
        ([{"kind": "iterated-refinement", "rounds": 2, "num_weak": 9}], STYLES, "style_error", True),
        ([{"kind": "iterated-refinement", "rounds": 2, "num_weak": 9}], STYLES, "content_error", True),
    ],
)
def test_a_metric_that_no_cell_has_is_refused(estimators: Any, task: Any, y: str, fits: bool) -> None:
    panel = "task.weak.share" if task is STYLES else "task.noise"
    table = {"x": "sample_size", "y": y, "panel": panel}
    if task is not STYLES:
        table["colour"] = "estimator.ridge"
    if fits:
        assert study_of(table, estimators=estimators, task=task).figures[0].y == y
    else:
        with pytest.raises(
            InputError,
            match=f"{y}', and no cell transfers a prior; expected one of risk, pgr, gain_over_source$",
        ):
            study_of(table, estimators=estimators, task=task)


def test_curves_and_panels_are_few() -> None:
    ridges = [0.1 * place for place in range(1, 9)]
    for count, role in ((7, None), (8, "colour")):
        estimators = [{**NAIVE, "ridge": ridges[:count], "num_weak": 50}]
        table = {"x": "num_weak", "colour": "ridge", "panel": "task.noise"}
        if role is None:
            assert study_of(table, estimators=estimators).figures
            continue
        with pytest.raises(InputError, match=r"'estimator\.ridge', which has 8 values; expected at most 7"):
            study_of(table, estimators=estimators)
    with pytest.raises(InputError, match=r"'estimator\.ridge', which has 8 values; expected at most 6"):
        study_of(
            {"x": "task.noise", "panel": "ridge"}, estimators=[{**NAIVE, "ridge": ridges, "num_weak": 5}]
        )
    # A level is a curve.
    with pytest.raises(InputError, match="which has 8 values"):
        study_of(
            {"x": "num_weak", "colour": "ridge", "panel": "task.noise"},
            estimators=[{**NAIVE, "ridge": ridges[:7], "num_weak": 50}, ORACLE],
        )


def test_a_sample_size_of_nothing_is_no_place() -> None:
    figure = {"x": "sample_size", "colour": "estimator.kind", "panel": "task.noise", "log_x": True}
    estimators = [{**NAIVE, "ridge": 0.3}, REFINED, ORACLE, {"kind": "source"}]
    assert study_of(figure, estimators=estimators).figures
    with pytest.raises(InputError, match=r"figure\[1\].x: got 'sample_size', which no cell has"):
        study_of(figure, estimators=[ORACLE])


class Counted(tuple):
    """Cells that know how often they were gone through."""

    passes = 0

    def __iter__(self) -> Iterator[Any]:
        Counted.passes += 1
        return super().__iter__()


def test_every_figure_takes_one_pass_over_the_cells() -> None:
    cells = Counted(study_of().cells)
    tables = [{**GOOD, "name": f"f{index}"} for index in range(5)]
    assert len(read_figures(tables, cells)) == 5
    # One more for the keys. Every student has a risk, so that nobody looks at what else is measured.
    assert Counted.passes == 6
