"""Tables of verdicts in the terminal: one row per theorem, or all rows."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from w2s_sim.cli.console import NARROW, make_console, make_table, print_table
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.verdict import worst_outcome

STYLES = {
    "consistent": "green",
    "certified": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "vacuous": "dim",
    "not-applicable": "dim",
}
RELATIONS = {"upper": "<=", "lower": ">=", "equality": "=", "rate": "="}


def print_verdicts(
    verdicts: Sequence[Verdict], settings: Settings, seconds: float, *, every_row: bool = False
) -> None:
    """Print the table of verdicts, then a summary in sentences.

    Args:
        verdicts: The verdicts of one run.
        settings: The settings of the run.
        seconds: Duration of the run.
        every_row: Whether to show every case, lemma and control, instead of one row per theorem and the rows
            that are not as expected.
    """
    console = make_console()
    shown = [verdict for verdict in verdicts if verdict.role != "mutant"]
    if every_row:
        _print_rows(console, shown)
    else:
        _print_theorems(console, verdicts)
        unexpected = [verdict for verdict in verdicts if not verdict.as_expected]
        if unexpected:
            console.print("\nNot as expected:")
            _print_rows(console, unexpected)
    console.print()
    for line in summary_lines(verdicts, settings, seconds):
        console.print(line, markup=False)


def _print_theorems(console: Console, verdicts: Sequence[Verdict]) -> None:
    columns = ("verdict", "theorem", "cases", "lemmas", "controls", "mutants", "tightest case")
    table = make_table(
        *columns, whole=("verdict", "theorem"), right=("cases", "lemmas", "controls", "mutants")
    )
    for theorem in dict.fromkeys(verdict.theorem for verdict in verdicts):
        table.add_row(*_theorem_cells([verdict for verdict in verdicts if verdict.theorem == theorem]))
    print_table(console, table)


def _theorem_cells(verdicts: Sequence[Verdict]) -> list[Text | str]:
    """Return the row of a theorem: its worst outcome, then for each role, how many rows are as expected."""

    def count(role: str) -> str:
        rows = [verdict for verdict in verdicts if verdict.role == role]
        return f"{sum(row.as_expected for row in rows)}/{len(rows)}" if rows else "-"

    cases = [verdict for verdict in verdicts if verdict.role == "theorem"]
    killable = [verdict for verdict in verdicts if verdict.role == "mutant" and verdict.expected == "refuted"]
    killed = sum(verdict.as_expected for verdict in killable)
    outcome = worst_outcome(cases)
    return [
        Text(outcome, style=STYLES[outcome]),
        verdicts[0].theorem,
        count("theorem"),
        count("lemma"),
        count("control"),
        f"{killed}/{len(killable)}" if killable else "-",
        _tightest(cases),
    ]


def _tightest(cases: Sequence[Verdict]) -> str:
    """Return the case whose measured number is nearest to its bound, with measured / bound."""
    judged = [case for case in cases if case.verdict in ("consistent", "certified", "refuted")]
    rated = [case for case in judged if case.tightness == case.tightness]
    if not rated:
        return ""
    nearest = min(rated, key=lambda case: abs(case.tightness - 1.0))
    return f"{nearest.tightness:.3g}: {nearest.case}"


def _print_rows(console: Console, verdicts: Sequence[Verdict]) -> None:
    if console.width < NARROW:
        for verdict in verdicts:
            label, theorem, case, *numbers = _cells(verdict)
            console.print(Text.assemble(label, "  ", theorem, ": ", case), soft_wrap=True)
            names = ("", "bound ", "measured/bound ", "replicates ")
            pairs = zip(names, numbers, strict=True)
            console.print("    " + ", ".join(f"{name}{number}" for name, number in pairs if number))
        return
    columns = ("verdict", "theorem", "case", "measured ± se", "bound", "tightness", "replicates")
    right = columns[3:]
    table = make_table(*columns, whole=("verdict", "theorem", *right), right=right)
    for verdict, following in zip(verdicts, [*verdicts[1:], None], strict=True):
        ends_theorem = following is not None and following.theorem != verdict.theorem
        table.add_row(*_cells(verdict), end_section=ends_theorem)
    print_table(console, table)


def _cells(verdict: Verdict) -> list[Text | str]:
    style = STYLES[verdict.verdict]
    if verdict.role in ("control", "mutant"):
        # For a control or a mutant, being refuted is the expected outcome.
        style = "green" if verdict.as_expected else "bold red"
    case = verdict.case if verdict.role == "theorem" else f"{verdict.role} {verdict.case}"
    se = "exact" if verdict.replicates == 0 else f"± {verdict.se:.1e}"
    return [
        Text(verdict.verdict + (" (control)" if verdict.role == "control" else ""), style=style),
        verdict.theorem,
        case,
        f"{verdict.measured:.5g} {se}",
        f"{RELATIONS[verdict.kind]} {verdict.bound:.5g}",
        "" if verdict.tightness != verdict.tightness else f"{verdict.tightness:.3g}",
        f"{verdict.replicates:,}" if verdict.replicates else "",
    ]


def print_mutants(verdicts: Sequence[Verdict]) -> None:
    """Print every mutant on one line: the change, the case at which it was judged, and the reason."""
    columns = ("outcome", "theorem", "mutant @ case", "claim", "measured", "reason")
    table = make_table(*columns, whole=("outcome", "theorem"), right=("claim", "measured"))
    for verdict in (verdict for verdict in verdicts if verdict.role == "mutant"):
        killed = verdict.verdict == "refuted"
        style = "green" if killed else ("dim" if verdict.as_expected else "bold red")
        table.add_row(
            Text("killed" if killed else "survives", style=style),
            verdict.theorem,
            verdict.case,
            f"{RELATIONS[verdict.kind]} {verdict.bound:.5g}",
            f"{verdict.measured:.5g}",
            verdict.reason,
        )
    console = make_console()
    print_table(console, table)
    console.print()


def summary_lines(verdicts: Sequence[Verdict], settings: Settings, seconds: float) -> list[str]:
    """Return a summary of the run, in sentences."""
    main = [v for v in verdicts if v.role in ("theorem", "lemma")]
    controls = [v for v in verdicts if v.role == "control"]
    mutants = [v for v in verdicts if v.role == "mutant"]
    refuted = sorted({f"{v.theorem} ({v.case})" for v in main if v.verdict == "refuted"})
    lines = ["refuted: " + "; ".join(refuted) if refuted else "No theorem or lemma refuted."]
    for outcome in ("inconclusive", "vacuous", "not-applicable"):
        lines += [f"{outcome}: {v.theorem}, {v.case}: {v.reason}" for v in main if v.verdict == outcome]
    if controls:
        caught = sum(v.as_expected for v in controls)
        lines.append(f"Controls: {caught} of {len(controls)} refuted, as they must be.")
        lines += [f"  not refuted: {v.theorem}, {v.case}: {v.reason}" for v in controls if not v.as_expected]
    if mutants:
        killable = [v for v in mutants if v.expected == "refuted"]
        killed = [v for v in mutants if v.verdict == "refuted"]
        survivors = [v for v in killable if v.verdict != "refuted"]
        lines.append(
            f"Mutants: {len(killed)} of {len(mutants)} killed, "
            f"{len(killable) - len(survivors)} of the {len(killable)} killable ones. "
            "The rest claim less, or stay within the slack of the bound: --mutants lists them."
        )
        lines += [f"  survives: {v.theorem}, {v.case}: {v.reason}" for v in survivors]
    replicates = sum(v.replicates for v in verdicts if v.role != "mutant")
    rows = [v for v in verdicts if v.role != "mutant"]
    in_the_limit = sum(v.interval not in ("exact", "bounded") for v in rows)
    lines.append(
        f"{replicates:,} replicates in {seconds:.0f} s, seed {settings.seed}; "
        f"all intervals hold together at level {1 - settings.alpha:g}, at every look"
        + (f": {in_the_limit} of {len(rows)} in the limit of large samples." if in_the_limit else ".")
    )
    return lines
