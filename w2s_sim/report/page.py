"""report.html: one page that needs no network, made from verdicts alone."""

import importlib.resources
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import jinja2
import latex2mathml.converter
from markupsafe import Markup

from w2s_sim.statements import Statement
from w2s_sim.verify import Verdict
from w2s_sim.verify.partial import partial_sentence

RELATIONS = {"upper": "≤", "lower": "≥", "equality": "=", "rate": "="}


def render_page(
    verdicts: Sequence[Verdict],
    statements: Sequence[Statement],
    figures: dict[str, str],
    manifest: dict[str, Any],
) -> str:
    """The page as HTML.

    Args:
        verdicts: All rows of the run.
        statements: The theorems, in the order of their sections.
        figures: SVG elements by theorem id.
        manifest: What the run was made with; of a run that was interrupted, with `partial_run`.
    """
    template = importlib.resources.files("w2s_sim.report").joinpath("report.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["number"] = lambda value: f"{value:.5g}"
    sections = [_section(statement, verdicts, figures.get(statement.id, "")) for statement in statements]
    return environment.from_string(template).render(
        sections=sections,
        relations=RELATIONS,
        manifest=manifest,
        manifest_text=json.dumps(manifest, indent=1),
        alpha=manifest["configuration"]["alpha"],
        all_as_expected=all(verdict.as_expected for verdict in verdicts),
        partial=partial_sentence(manifest["partial_run"]) if "partial_run" in manifest else "",
    )


def _section(statement: Statement, verdicts: Sequence[Verdict], figure: str) -> dict[str, Any]:
    rows = {
        role: [v for v in verdicts if v.theorem == statement.id and v.role == role]
        for role in ("theorem", "lemma", "control", "mutant")
    }
    mutants = rows["mutant"]
    judged = [v.tightness for v in rows["theorem"] if v.verdict == "consistent" and v.bound]
    nearest = max(judged, default=None) if statement.kind == "upper" else min(judged, default=None)
    return {
        "statement": statement,
        "formula": Markup(latex2mathml.converter.convert(statement.formula)) if statement.formula else "",
        "figure": Markup(figure),
        "rows": rows,
        "counts": Counter(v.verdict for v in rows["theorem"] + rows["lemma"]),
        "nearest": nearest,
        "killed": sum(v.verdict == "refuted" for v in mutants),
        "killable": sum(v.expected == "refuted" for v in mutants),
        "killable_killed": sum(v.expected == "refuted" and v.verdict == "refuted" for v in mutants),
    }
