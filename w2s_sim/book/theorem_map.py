"""The map of the theorems: the source that each is after, its tightest case, and what breaks it."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from w2s_sim.statements.contract.statement import Statement

ARXIV = re.compile(r"arXiv (\d{4}\.\d{5})")
KINDS = {"upper": "upper bound", "lower": "lower bound", "equality": "equality", "rate": "exact rate"}
JUDGED = ("consistent", "certified")
OWN = "this project"
YEAR, SETTING = re.compile(r"\b\d{4}\b"), "setting of"


class TightestCase(NamedTuple):
    """The case of a theorem where the measured number is nearest to the bound.

    Attributes:
        name: Name of the case.
        ratio: Measured number divided by the bound.
        is_exact: Whether the measured number was computed without sampling.
    """

    name: str
    ratio: float
    is_exact: bool


def theorem_map(statements: Mapping[str, Statement], record: Path) -> list[str]:
    """Return the map as a table in Markdown, with a row for every theorem, sorted by source.

    Args:
        statements: The theorems by id, in the order of the book.
        record: The record of the figure `tightness`, with the measured numbers of all cases.
    """
    tightest = tightest_cases(json.loads(record.read_text(encoding="utf-8"))["tables"]["cases"])
    sources = list(dict.fromkeys(source_of(statement) for statement in statements.values()))
    # The theorems without a source come last.
    sources.sort(key=lambda source: source == OWN)
    ordered = sorted(statements.values(), key=lambda statement: sources.index(source_of(statement)))
    lines = ["| after | theorem | kind | tightest case, measured / bound | a control breaks |"]
    lines.append("|---|---|---|---|---|")
    return lines + [_row(statement, tightest.get(statement.id)) for statement in ordered]


def source_of(statement: Statement) -> str:
    """Return the source of a statement's claim: an arXiv id, an older source in words, or "this project".

    A paper of which only the setting is taken does not count: a reference names it after "setting of".
    """
    claimed, _, _ = statement.reference.partition(SETTING)
    claimed = claimed.rstrip("; ")
    found = ARXIV.search(claimed)
    if found:
        return found[1]
    return claimed if YEAR.search(claimed) else OWN


def tightest_cases(columns: Mapping[str, Any]) -> dict[str, TightestCase]:
    """Return the tightest decided case of every theorem in the table `cases` of the record.

    Cases without a positive ratio, such as a bound of zero, are left out.
    """
    names = ("theorem", "case", "measured", "bound", "verdict", "replicates")
    found: dict[str, TightestCase] = {}
    for theorem, case, measured, bound, verdict, replicates in zip(
        *(columns[name]["values"] for name in names), strict=True
    ):
        if verdict not in JUDGED or float(bound) == 0 or not float(measured) / float(bound) > 0:
            continue
        ratio = float(measured) / float(bound)
        if theorem not in found or abs(math.log(ratio)) < abs(math.log(found[theorem].ratio)):
            found[theorem] = TightestCase(case, ratio, replicates == 0)
    return found


def _row(statement: Statement, tightest: TightestCase | None) -> str:
    after = _linked(source_of(statement))
    setting = ARXIV.search(statement.reference.partition(SETTING)[2])
    if setting:
        after += f", in the setting of {_linked(setting[1])}"
    shown = "none with a ratio"
    if tightest is not None:
        shown = f"{tightest.name}: {tightest.ratio:.3g}" + (" (exact)" if tightest.is_exact else "")
    broken = list(dict.fromkeys(control.breaks for control in statement.controls("quick")))
    page = statement.page.removeprefix("theory/")
    cells = [after, f"[{statement.id}]({page})", KINDS[statement.kind], shown, "; ".join(broken)]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _linked(source: str) -> str:
    """Return a source with a link, if it is an arXiv id."""
    return f"[{source}](https://arxiv.org/abs/{source})" if re.fullmatch(r"\d{4}\.\d{5}", source) else source
