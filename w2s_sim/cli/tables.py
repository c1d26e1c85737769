"""Tables on the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from w2s_sim.verify import Settings, Verdict

# Wide enough for a row on one line where the width is not a terminal's.
PIPE_WIDTH = 150
STYLES = {
    "consistent": "green",
    "certified": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "vacuous": "dim",
    "not-applicable": "dim",
}
RELATIONS = {"upper": "<=", "lower": ">=", "equality": "=", "rate": "="}


def make_console() -> Console:
    """A console that does not cut tables when its output goes to a file or a pipe."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def print_verdicts(verdicts: Sequence[Verdict], settings: Settings, seconds: float) -> None:
    """The table of theorems, lemmas and controls, then the summary."""
    console = make_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("theorem", "case", "measured ± se", "bound", "tightness", "verdict", "replicates"):
        numeric = name not in ("theorem", "case", "verdict")
        table.add_column(name, justify="right" if numeric else "left", no_wrap=name != "case")
    shown = [verdict for verdict in verdicts if verdict.role != "mutant"]
    for verdict, following in zip(shown, [*shown[1:], None], strict=True):
        ends_theorem = following is not None and following.theorem != verdict.theorem
        table.add_row(*_cells(verdict), end_section=ends_theorem)
    console.print(table)
    console.print()
    for line in summary_lines(verdicts, settings, seconds):
        console.print(line)


def print_mutants(verdicts: Sequence[Verdict]) -> None:
    """Every mutant on one line: what was changed, at which case it was judged, and the reason."""
    console = make_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("theorem", "mutant @ case", "claim", "measured", "outcome", "reason"):
        table.add_column(name, justify="right" if name in ("claim", "measured") else "left")
    for verdict in (verdict for verdict in verdicts if verdict.role == "mutant"):
        killed = verdict.verdict == "refuted"
        style = "green" if killed else ("dim" if verdict.as_expected else "bold red")
        table.add_row(
            verdict.theorem,
            verdict.case,
            f"{RELATIONS[verdict.kind]} {verdict.bound:.5g}",
            f"{verdict.measured:.5g}",
            Text("killed" if killed else "survives", style=style),
            verdict.reason,
        )
    console.print(table)
    console.print()


def _cells(verdict: Verdict) -> list[Text | str]:
    style = STYLES[verdict.verdict]
    if verdict.role == "control":
        # A refuted control is good news.
        style = "green" if verdict.as_expected else "bold red"
    label = verdict.verdict + ("" if verdict.role != "control" else " (control)")
    case = verdict.case if verdict.role == "theorem" else f"{verdict.role} {verdict.case}"
    se = "exact" if verdict.replicates == 0 else f"± {verdict.se:.1e}"
    return [
        verdict.theorem,
        case,
        f"{verdict.measured:.5g} {se}",
        f"{RELATIONS[verdict.kind]} {verdict.bound:.5g}",
        "" if verdict.bound == 0 else f"{verdict.tightness:.3g}",
        Text(label, style=style),
        f"{verdict.replicates:,}" if verdict.replicates else "",
    ]


def summary_lines(verdicts: Sequence[Verdict], settings: Settings, seconds: float) -> list[str]:
    """What the run says as a whole, in sentences."""
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
    lines.append(
        f"{replicates:,} replicates in {seconds:.0f} s, seed {settings.seed}; "
        f"all intervals hold together at level {1 - settings.alpha:g}, at every look."
    )
    return lines
