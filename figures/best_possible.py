"""Is refinement optimal? A comparison with iterated refinement and the oracle.

Run from anywhere: python figures/best_possible.py [FOLDER]   (figures/gallery by default)
"""

import sys
from collections.abc import Callable
from pathlib import Path

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.tasks.supervisors import noisy_supervisor

SIZES = (4, 8, 16, 32, 64, 128, 256)
MIXED = [0.1, 0.2, 0.3, 0.4]
ROUNDS = (1, 4, 64)
REPLICATES = 4000


def curves(task: w2s.TransferTask, family: dict[str, Callable[[int], w2s.Estimator]]) -> list[Curve]:
    """Return the curves of risk against the number of weak labels, for estimators made from that number."""
    found = []
    for label, make in family.items():
        frames = [
            w2s.compare(task, {label: make(size)}, replicates=REPLICATES)
            for size in track(SIZES, lambda size, label=label: f"{label}, n = {size}")
        ]
        risks, errors = ([float(frame[column].iloc[0]) for frame in frames] for column in ("risk", "risk_se"))
        found.append(Curve(label, SIZES, risks, errors))
    return found


def panel(title: str, task: w2s.TransferTask, *, legend: bool) -> Panel:
    """Return a panel with one context of all labels, iterated refinement and naive fine-tuning."""
    family: dict[str, Callable[[int], w2s.Estimator]] = {
        "refined in one context of all labels": w2s.InContext
    }
    for rounds in ROUNDS:
        plural = "s" if rounds > 1 else ""
        label = f"prior refined label by label, {rounds} round{plural}"
        family[label] = lambda size, r=rounds: w2s.IteratedRefinement(r, num_weak=size)
    family["ridge 0.3 on the weak labels"] = lambda size: w2s.Ridge(0.3, num_weak=size)
    return Panel(
        title,
        "weak labels, $n$",
        "excess risk over the oracle (squared label units)",
        curves(task, family),
        x_scale="log2",
        y_scale="log",
        y_limits=(1e-4, 4.0),
        legend=legend,
    )


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    mixed = canonical(target_prior=MIXED, supervisor=noisy_supervisor(canonical().source, 0.5))
    panels = [
        panel("one concept wanted, noisy weak labels", noisy(0.5), legend=False),
        panel("a mixture wanted, noisy weak labels", mixed, legend=True),
        panel("a mixture wanted, biased weak labels", canonical(target_prior=MIXED), legend=False),
    ]
    note = f"Canonical concepts; every label draws its own concept; {REPLICATES:,} replicates."
    path = save_figure(panels_figure(panels, note), curves_table(panels), folder, "best_possible")
    print("wrote", path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
