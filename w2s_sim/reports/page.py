"""report.html: a single page that needs no network, built from the verdicts alone."""

import importlib.resources
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from w2s_sim.book.formulas import mathml
from w2s_sim.statements import Statement
from w2s_sim.verify import Verdict
from w2s_sim.verify.partial import partial_sentence
from w2s_sim.verify.verdict import WORST_FIRST, worst_outcome

RELATIONS = {"upper": "≤", "lower": "≥", "equality": "=", "rate": "="}
FIGURE_CAPTIONS = {
    "curve": "The largest group of cases that differ in one number alone.",
    "tightness": "Every case. Hollow: not judged. Cross: refuted.",
}


def render_page(
    verdicts: Sequence[Verdict],
    statements: Sequence[Statement],
    figures: Mapping[str, Mapping[str, str]],
    manifest: dict[str, Any],
    pages: Mapping[str, str],
) -> str:
    """Render the page as HTML.

    Args:
        verdicts: All rows of the run.
        statements: The theorems, in the order of their sections.
        figures: SVG elements by theorem id and name, "curve" or "tightness".
        manifest: Manifest of the run; if the run was interrupted, with the key `partial_run`.
        pages: Addresses of the pages with the proofs, relative to the report, by `Statement.page`.
    """
    template = importlib.resources.files("w2s_sim.reports").joinpath("report.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["number"] = _number
    sections = [_section(statement, verdicts, figures.get(statement.id, {})) for statement in statements]
    return environment.from_string(template).render(
        sections=sections,
        relations=RELATIONS,
        pages=pages,
        manifest=manifest,
        manifest_text=json.dumps(manifest, indent=1),
        alpha=manifest["configuration"]["alpha"],
        all_as_expected=all(verdict.as_expected for verdict in verdicts),
        partial=partial_sentence(manifest["partial_run"]) if "partial_run" in manifest else "",
    )


def _number(value: float, digits: int = 5) -> str:
    if math.isnan(value):
        return ""
    # Adding 0.0 turns -0.0 into 0.0.
    return f"{value + 0.0:.{digits}g}".replace("inf", "∞")


def _section(statement: Statement, verdicts: Sequence[Verdict], figures: Mapping[str, str]) -> dict[str, Any]:
    rows = {
        role: [v for v in verdicts if v.theorem == statement.id and v.role == role]
        for role in ("theorem", "lemma", "control", "mutant")
    }
    mutants = rows["mutant"]
    return {
        "statement": statement,
        "formula": mathml(statement.formula),
        "figures": [(FIGURE_CAPTIONS[name], Markup(svg)) for name, svg in figures.items()],
        "rows": rows,
        "outcome": worst_outcome(rows["theorem"]),
        # Include rows of lemmas, so that a theorem that holds does not hide a lemma that fails.
        "unexpected": [v for role in rows for v in rows[role] if not v.as_expected],
        "case_counts": _counts(rows["theorem"]),
        "lemma_counts": _counts(rows["lemma"]),
        # The case of a lemma's row begins with the lemma's id.
        "num_lemmas": len({v.case.partition(":")[0] for v in rows["lemma"]}),
        "controls_caught": sum(v.as_expected for v in rows["control"]),
        "nearness": _nearness(statement, rows["theorem"]),
        "killed": sum(v.verdict == "refuted" for v in mutants),
        "killable": sum(v.expected == "refuted" for v in mutants),
        "killable_killed": sum(v.expected == "refuted" and v.verdict == "refuted" for v in mutants),
    }


def _counts(rows: Sequence[Verdict]) -> str:
    """Return the number of rows with each outcome, in words, the worst outcome first."""
    found = Counter(v.verdict for v in rows)
    return ", ".join(f"{found[outcome]} {outcome}" for outcome in WORST_FIRST if found[outcome])


def _nearness(statement: Statement, cases: Sequence[Verdict]) -> str:
    """Return a sentence about how near the measured numbers are to the claim."""
    ratios = [v.tightness for v in cases if v.verdict == "consistent" and not math.isnan(v.tightness)]
    if not ratios:
        return ""
    low, high = (_number(ratio, 3) for ratio in (min(ratios), max(ratios)))
    if statement.is_equality:
        return f"Measured / theory lies between {low} and {high}."
    nearest = high if statement.kind == "upper" else low
    return f"Where the {statement.kind} bound comes nearest, measured / bound is {nearest}."
