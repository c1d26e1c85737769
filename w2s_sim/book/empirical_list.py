"""The list of the empirical statements, made from their registry."""

import math
from collections.abc import Iterable

from w2s_sim.empirical import EmpiricalStatement


def empirical_list(statements: Iterable[EmpiricalStatement]) -> list[str]:
    """Return the list as a table in Markdown, with a row for every statement."""
    columns = ("statement", "claim", "measured", "claimed range", "control", "source")
    head = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return head + [_row(statement) for statement in statements]


def _row(statement: EmpiricalStatement) -> str:
    low = "" if math.isinf(statement.low) else f"at least {statement.low:g}"
    high = "" if math.isinf(statement.high) else f"at most {statement.high:g}"
    cells = [
        f"[{statement.id}]({statement.page.removeprefix('theory/')})",
        statement.claim,
        statement.quantity,
        ", ".join(filter(None, (low, high))),
        statement.control.name,
        statement.reference,
    ]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
