"""Tables print their first columns whole, with pandas' default options and 80 columns."""

import pandas as pd
import pytest

import w2s_sim as w2s
from tests.verdicts import verdict
from w2s_sim.frames import CompactFrame
from w2s_sim.verify.battery import verdict_frame
from w2s_sim.verify.verdict import Verdict

LONGEST = "student on 4 refined labels, rademacher features, n=60, and some more"


def row(case: str) -> Verdict:
    """Of a long id, with the longest outcome and a long reason."""
    reason = "assumption does not hold: " + 20 * "long "
    return verdict(case, "not-applicable", theorem="concept-identification", reason=reason)


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("case", ["n=4", "canonical, student, n=16", LONGEST])
def test_a_printed_table_of_verdicts_has_ids_cases_and_verdicts_whole(
    case: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    frame = verdict_frame([row(case), row("other")])
    text = str(frame)
    for whole in (case, "other", "concept-identification", "not-applicable", "theorem"):
        assert whole in text
    body, _, footer = text.rpartition("\n\n[")
    assert "..." not in body
    assert max(map(len, body.splitlines())) <= max(columns, len(case) + 4)
    # What is not printed is named.
    assert "reason" in footer
    assert len(body.splitlines()) <= 2 * (len(frame) + 1) + 1


def test_what_is_selected_prints_likewise_and_is_a_frame() -> None:
    frame = verdict_frame([row(LONGEST), row("other")])
    chosen = frame[frame["case"] == LONGEST][["case", "reason"]]
    assert LONGEST in str(chosen)
    assert isinstance(chosen, CompactFrame)
    assert isinstance(frame, pd.DataFrame)
    assert type(frame["bound"]) is pd.Series
    assert list(frame.columns[:4]) == ["verdict", "role", "theorem", "case"]
    assert frame.loc[0, "measured"] == 0.5
    assert "Empty DataFrame" in str(frame[frame["bound"] > 1.0])


def test_many_rows_are_cut_as_pandas_cuts_them() -> None:
    frame = verdict_frame([row(f"case {i}") for i in range(200)])
    text = str(frame)
    assert "case 0\n" in text.replace("  ", "") or "case 0 " in text
    assert "case 199" in text
    assert "case 100" not in text


def test_a_printed_comparison_has_every_estimator_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    estimators = {"naive": w2s.Oracle([0.25] * 4), LONGEST: w2s.Oracle([0, 0, 0, 1])}
    frame = w2s.compare(w2s.canonical_task(), estimators, replicates=4)
    text = str(frame)
    for whole in (LONGEST, *frame.columns):
        assert whole in text
    assert "..." not in text
    assert list(frame.columns[:5]) == ["estimator", "risk", "risk_se", "pgr", "pgr_se"]
