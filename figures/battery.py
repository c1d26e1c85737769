"""What does the battery say of theorems and lemmas, of false claims and of broken assumptions?"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from w2s_sim.cli.progress import report_row
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.figures.battery_verdicts import battery_verdicts
from w2s_sim.plotting.style import BLUE, GREY, VERMILION

# The columns: role of the rows, name of the outcome, and whether it is as it should be (None: no decision).
COLUMNS = (
    ("theorem", "consistent", True),
    ("theorem", "certified", True),
    ("theorem", "undecided", None),
    ("theorem", "refuted", False),
    ("lemma", "hold", True),
    ("lemma", "undecided", None),
    ("lemma", "refuted", False),
    ("control", "refuted", True),
    ("control", "missed", False),
    ("mutant", "killed", True),
    ("mutant", "out of reach", None),
    ("mutant", "missed", False),
)
ROW_COLUMNS = ["theorem", "role", "case", "measured", "se", "bound", "verdict", "replicates"]
TITLES = {"theorem": "cases", "lemma": "lemmas", "control": "controls", "mutant": "mutants"}
COLOURS = {True: BLUE, None: GREY, False: VERMILION}
TOTAL = "all theorems"
# Height of the roles above the names of the outcomes, in rows above the first theorem.
HEADING = -4.2


def outcome_of(row: dict) -> str:
    """Return the name of the column, among those of its role, to which a verdict belongs."""
    role, verdict = row["role"], row["verdict"]
    if role == "control":
        return "refuted" if verdict == "refuted" else "missed"
    if role == "mutant":
        if verdict == "refuted":
            return "killed"
        return "missed" if row["expected"] == "refuted" else "out of reach"
    if verdict in ("consistent", "certified"):
        return verdict if role == "theorem" else "hold"
    return "refuted" if verdict == "refuted" else "undecided"


def compute(fast: bool, seed: int) -> Tables:
    """Run the battery, and count its verdicts by theorem, role and outcome.

    The pages of the book read the table `rows`: cases, lemmas and controls with their numbers.
    """
    verdicts = battery_verdicts(fast, seed, report_row)
    named = verdicts.assign(outcome=[outcome_of(row) for row in verdicts.to_dict("records")])
    keys = ["theorem", "role", "outcome"]
    counts = pd.DataFrame(named.groupby(keys, sort=False, as_index=False).size())
    rows = verdicts.loc[verdicts["role"] != "mutant", ROW_COLUMNS].reset_index(drop=True)
    return {"counts": counts, "rows": rows}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw a table with a row for each theorem, and a cell for each outcome that occurs."""
    counts = tables["counts"]
    theorems = [*dict.fromkeys(counts["theorem"]), TOTAL]
    figure, (axes,) = page.figure(height=1.2 + 0.185 * len(theorems))
    for level, theorem in enumerate(theorems):
        rows = counts if theorem == TOTAL else counts.loc[counts["theorem"] == theorem]
        for column, (role, outcome, good) in enumerate(COLUMNS):
            here = (rows["role"] == role) & (rows["outcome"] == outcome)
            _draw_cell(axes, column, level, int(rows.loc[here, "size"].sum()), COLOURS[good])
    _set_axes(axes, theorems, 7.0 if page.is_single else 8.0)
    return figure


def _draw_cell(axes: Axes, column: int, level: int, count: int, colour: str) -> None:
    """Draw a number on a tinted cell; nothing for zero."""
    if count:
        cell = Rectangle((column - 0.46, level - 0.44), 0.92, 0.88, facecolor=colour, alpha=0.18, linewidth=0)
        axes.add_patch(cell)
        axes.text(column, level, str(count), ha="center", va="center", fontsize=7)


def _set_axes(axes: Axes, theorems: list[str], size_of_roles: float) -> None:
    """Write theorems at the left, outcomes above, and the roles above the outcomes, in letters of a size."""
    axes.set(xlim=(-0.6, len(COLUMNS) - 0.4), ylim=(len(theorems) - 0.4, -0.6))
    axes.set_yticks(range(len(theorems)), theorems)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(COLUMNS)), [outcome for _, outcome, _ in COLUMNS], rotation=90)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.axhline(len(theorems) - 1.5, color=GREY, linewidth=0.6)
    roles = [role for role, _, _ in COLUMNS]
    for role, title in TITLES.items():
        first, size = roles.index(role), roles.count(role)
        axes.text(first + (size - 1) / 2, HEADING, title, ha="center", va="bottom", fontsize=size_of_roles)
        if first:
            axes.axvline(first - 0.5, color=GREY, linewidth=0.6)


def caption(tables: Tables) -> str:
    """Return the caption."""
    counts = tables["counts"]
    return f"""
        Verdicts on {counts["theorem"].nunique()} theorems (preset quick, family-wise error level 0.001,
        seed {FIGURE.seed}): numbers of rows. Cases and lemmas: consistent, the interval lies on the right
        side of the bound; certified, computed exactly; undecided, the interval contains the bound, the
        bound is vacuous, or an assumption does not hold. A sample never proves a claim. Controls break an
        assumption, and must be refuted. Mutants are false versions of a claim; those that no sample of this
        size can tell from the claim are out of reach. Blue: as it should be; grey: no decision; red: not as
        it should be.
    """


FIGURE = PaperFigure(
    name="battery",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
