"""Statements on a language model's evidence: kept rows, and measurements of rows made by known readers."""

import jax
import numpy as np
import pandas as pd
import pytest

from w2s_sim.empirical import (
    NotMeasuredError,
    find_empirical_statement,
    language_model_tables,
    measure_statement,
)
from w2s_sim.empirical.language_model_evidence import (
    constant_evidence,
    drawn_contents,
    growth_exponent,
    refinement_gain,
    style_gain,
    switching_advantage,
)
from w2s_sim.empirical.language_model_tables import evidence_rows
from w2s_sim.language_models.demonstration_readers import (
    DemonstrationReader,
    KnownConcepts,
    SwitchingConcept,
    fit_reader,
)
from w2s_sim.language_models.evidence_laws import copying, with_copying
from w2s_sim.language_models.evidence_study import CONDITIONS, EvidenceSettings, drawn_path
from w2s_sim.language_models.question_set import read_questions

IDS = ("style-is-read", "style-evidence-slows", "concept-switches", "refined-below-naive")


@pytest.mark.parametrize("name", IDS)
def test_a_statement_is_seen_and_its_control_is_not(name: str) -> None:
    finding = measure_statement(find_empirical_statement(name))
    assert (finding.verdict, finding.control_verdict) == ("seen", "not seen")


def test_the_kept_rows_are_those_of_the_experiment() -> None:
    """Every condition is whole, and paths have the questions and errors that the experiment draws."""
    settings = EvidenceSettings()
    for condition in CONDITIONS:
        rows = evidence_rows(condition)
        styles = settings.styles if condition == "weak" else settings.styles[:1]
        assert set(rows["style"]) == set(styles)
        assert len(rows) == len(styles) * settings.num_seeds * settings.num_paths * 33
    questions = read_questions()
    kinds = list(dict.fromkeys(question.kind for question in questions))
    for wrong_share, rows in {0.5: evidence_rows(), 0.25: evidence_rows(quarter=True)}.items():
        own = rows.loc[(rows["style"] == "json") & (rows["seed"] == 2) & (rows["path"] == 5)].sort_values("n")
        key = jax.random.fold_in(jax.random.key(2), 5)
        of_kind = [question for question in questions if question.kind == kinds[5 % 4]]
        asked, wrong = drawn_path(of_kind, EvidenceSettings(wrong_share=wrong_share), key=key)
        assert own["question"].tolist() == [question.text for question in asked]
        np.testing.assert_array_equal(own["errors"], np.cumsum(wrong) - wrong)
        total = own[["right_probability", "bait_probability", "other_probability"]].sum(axis=1)
        np.testing.assert_allclose(total, 1.0, atol=1e-3)


def test_each_measurement_finds_what_it_was_given() -> None:
    rows = evidence_rows()
    log = rows.assign(style_log_odds=3.0 * np.log(np.maximum(rows["n"], 1)))
    estimate = growth_exponent(log)
    assert abs(estimate.value) < 1e-6
    assert estimate.num_runs == 36
    np.testing.assert_allclose(style_gain(log).value, 3.0 * np.log(32), rtol=1e-12)
    assert growth_exponent(constant_evidence(rows)).low > 0.9
    events, _ = copying(rows)
    switching = SwitchingConcept(0.05, 0.85, 0.1, 0.1).probabilities(events)
    assert switching_advantage(with_copying(rows, switching)).low > 0.02
    known = KnownConcepts(0.05, 0.85, 0.1).probabilities(events)
    assert abs(switching_advantage(with_copying(rows, known)).value) < 1e-6
    constant = refinement_gain(with_copying(rows, np.full_like(known, 0.2)))
    np.testing.assert_allclose(constant.value, events.mean() - 0.2, rtol=1e-10)


@pytest.mark.parametrize(("kind", "seen"), [(KnownConcepts, False), (SwitchingConcept, True)])
def test_a_switch_is_found_in_drawn_contents_where_there_is_one(
    kind: type[DemonstrationReader], seen: bool
) -> None:
    rows = evidence_rows()
    drawn = drawn_contents(rows, kind, 3)
    events, contents = copying(drawn)
    assert set(np.unique(contents)) == {0.0, 1.0}
    expected = fit_reader(kind, events, copying(rows)[1]).probabilities(events)
    error = np.sqrt(np.sum(expected * (1 - expected)))
    assert abs(np.sum(contents - expected)) < 5 * error
    estimate = switching_advantage(drawn)
    assert estimate.low > 0.02 if seen else abs(estimate.value) < 0.01 > estimate.high


def test_missing_rows_name_their_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str, command: str) -> pd.DataFrame:
        raise NotMeasuredError(path, command)

    language_model_tables._read.cache_clear()
    monkeypatch.setattr(language_model_tables, "kept_table", missing)
    finding = measure_statement(find_empirical_statement("style-is-read"))
    assert finding.verdict == "not measured"
    assert "w2s lm evidence --out DIR" in finding.remark
