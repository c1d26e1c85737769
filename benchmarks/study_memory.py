"""Peak memory of `w2s run --memory`, compared with the budget.

Each row is one study, mostly of a single cell, in a separate process, whose peak resident memory the kernel
reports. Most studies get the smallest budget that is not refused. The process should stay within the budget
plus 300 MB. If a study does not fit, it is refused, and the row shows the memory that the refusal asks for.

Run: python benchmarks/study_memory.py [WORD ...]. Takes 10 to 15 minutes on two cores, and up to 2 GB; with
words, only the rows whose names contain one of them are run.
"""

import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

COMMAND = [sys.executable, "-c", "from w2s_sim.cli import main; main()", "run"]
# Memory that a process may take in addition to its budget, in MB.
TOLERANCE = 300
LONGEST_SECONDS = 240.0
# The first budget to try in the search for the smallest budget, and the smallest step, in MB.
SMALLEST, STEP = 50, 5
PRIORS = "source_prior = [0.5, 0.25, 0.15, 0.1]\ntarget_prior = [0, 0, 0, 1]"
REGRESSION = (
    f'dim = {{dim}}\nnum_concepts = 4\nnoise = 0.5\n{PRIORS}\n[task.weak]\nkind = "biased"\nbias = 0.7'
)
SHIFTED = '[task.weak]\nkind = "shifted"\nshare = 0.25'
REFUSAL = re.compile(r"expected at least ([\d.,]+) ?([KMGT]?B)\b")
MEGABYTES = {"B": 1e-6, "KB": 1e-3, "MB": 1.0, "GB": 1e3, "TB": 1e6}
# Lines of the table of each estimator; {size} stands for the number of pairs.
ESTIMATORS = {
    "finetune": 'kind = "finetune"\nridge = 0.3\nnum_weak = {size}',
    "least-squares": 'kind = "least-squares"\nnum_weak = {size}',
    "gradient-descent": 'kind = "gradient-descent"\nsteps = 20\nstep_size = 0.1\nnum_weak = {size}',
    "label-mixing": 'kind = "label-mixing"\nmixing = 0.5\nnum_weak = {size}',
    "hull-projection": 'kind = "hull-projection"\nridge = 0.3\nnum_weak = {size}',
    "maximum-likelihood": 'kind = "maximum-likelihood"\nnum_weak = {size}',
    "labeller": 'kind = "refine"\nnum_demonstrations = {size}',
    "refine, queries": 'kind = "refine"\nnum_demonstrations = 16\nnum_queries = {size}\nridge = 0.3',
}


class Row(NamedTuple):
    """One study to run.

    Attributes:
        name: Name of the estimator.
        size: Size of the study, in words.
        study: Text of the study file.
        budget: Budget in MB; if None, the smallest budget that is not refused.
        options: Options of the command line, in addition to the budget.
    """

    name: str
    size: str
    study: str
    budget: int | None = None
    options: tuple[str, ...] = ()


class Run(NamedTuple):
    """Result of a run: peak memory in MB, seconds, exit status and the text on standard error."""

    peak: float
    seconds: float
    status: int
    said: str


def regression(
    name: str, dim: int, size: int, budget: int | None = None, *, replicates: int = 2, double: bool = False
) -> Row:
    """Make a study of one cell with regression concepts."""
    study = study_of(REGRESSION.format(dim=dim), ESTIMATORS[name].format(size=size), replicates)
    told = f"d = {dim:,}, n = {size:,}{', float64' if double else ''}"
    told += f", {replicates:,} replicates" if replicates > 10**4 else ""
    return Row(name, told, study, budget, ("--x64",) if double else ())


def many_forms(budget: int | None) -> Row:
    """Make a study of a hundred cells, each with its own program."""
    sizes = ", ".join(str(20 + size) for size in range(100))
    estimator = ESTIMATORS["finetune"].format(size=f"[{sizes}]")
    study = study_of(REGRESSION.format(dim=16), estimator, 512)
    return Row("finetune", "d = 16, n = 20, 21, ..., 119", study, budget)


def study_of(task: str, estimator: str, replicates: int) -> str:
    """Return the text of a study file."""
    return f"[task]\n{task}\n[[estimator]]\n{estimator}\n[replication]\nreplicates = {replicates}\nseed = 0\n"


def hidden_markov(states: int, symbols: int, length: int, size: int) -> Row:
    """Make a study of one cell with four hidden Markov concepts."""

    def matrix(rows: int, columns: int, concept: int) -> list[list[float]]:
        weights = [[1.0 + (i + j * (concept + 1)) % 3 for j in range(columns)] for i in range(rows)]
        return [[weight / sum(row) for weight in row] for row in weights]

    initial = [matrix(1, states, k)[0] for k in range(4)]
    transition = [matrix(states, states, k) for k in range(4)]
    emission = [matrix(states, symbols, k) for k in range(4)]
    task = f'kind = "hmm"\nlength = {length}\n{PRIORS}\n{initial=}\n{transition=}\n{emission=}\n{SHIFTED}'
    study = study_of(task, ESTIMATORS["maximum-likelihood"].format(size=size), 2)
    return Row("hmm, likelihood", f"{states} states, V^L = {symbols}^{length}, n = {size:,}", study)


def categorical(contexts: int, symbols: int, size: int) -> Row:
    """Make a study of one cell with four categorical concepts."""
    weights = [
        [[1.0 + (x + y * (k + 1)) % 3 for y in range(symbols)] for x in range(contexts)] for k in range(4)
    ]
    tables = [[[weight / sum(row) for weight in row] for row in table] for table in weights]
    task = f'kind = "categorical"\n{PRIORS}\n{tables=}\n{SHIFTED}'
    study = study_of(task, ESTIMATORS["maximum-likelihood"].format(size=size), 2)
    return Row("categorical, likelihood", f"{contexts} contexts, V = {symbols}, n = {size:,}", study)


def rows() -> Iterator[Row]:
    """Yield all studies, small studies first."""
    yield regression("finetune", 8, 100, replicates=1000)
    for name in ESTIMATORS:
        yield regression(name, 64, 10_000)
        yield regression(name, 8, 100_000, 1000)
    for name in ("finetune", "hull-projection", "labeller", "refine, queries"):
        yield regression(name, 1024, 10_000)
    for name in ("finetune", "maximum-likelihood", "refine, queries"):
        yield regression(name, 256, 100_000)
    yield hidden_markov(4, 4, 5, 100_000)
    yield hidden_markov(16, 2, 12, 20_000)
    yield categorical(32, 64, 100_000)
    yield categorical(256, 32, 100_000)
    yield many_forms(1000)
    yield many_forms(500)
    yield regression("labeller", 8, 1, 1000, replicates=3_000_000)
    yield regression("finetune", 4096, 1000)
    yield regression("finetune", 4096, 1000, double=True)
    yield regression("labeller", 4096, 10_000)
    yield regression("finetune", 4096, 100_000, 2000)
    yield regression("labeller", 4096, 100_000, 8000)
    yield regression("labeller", 4096, 100_000, 10_000)


def run(row: Row, budget: int, folder: Path) -> Run:
    """Run a study until it is complete or exceeds the time limit."""
    folder.mkdir(exist_ok=True)
    file = folder / "study.toml"
    file.write_text(row.study, encoding="utf-8")
    command = [*COMMAND, str(file), "--out", str(folder / "out"), "--memory", f"{budget}MB", *row.options]
    began = time.monotonic()
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        while True:
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() - began > LONGEST_SECONDS:
                process.kill()
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    # On Linux, the unit is 1,024 bytes.
    return Run(usage.ru_maxrss * 1024 / 1e6, time.monotonic() - began, process.returncode, text)


def run_tightly(row: Row, folder: Path) -> tuple[int, Run]:
    """Run a study with the smallest budget that is not refused, to within a few MB."""
    budget = SMALLEST
    while True:
        done = run(row, budget, folder / str(budget))
        least = least_budget(done)
        if least is None:
            return budget, done
        budget = max(budget + STEP, math.ceil(least))


def least_budget(done: Run) -> float | None:
    """Return the memory in MB that a refusal asks for; None if the run was not refused in one line."""
    figure = REFUSAL.search(done.said)
    if done.status != 2 or done.said.count("\n") != 1 or figure is None:
        return None
    return float(figure[1].replace(",", "")) * MEGABYTES[figure[2]]


def outcome(budget: int, done: Run) -> str:
    """Describe the outcome of a run in a few words."""
    least = least_budget(done)
    if least is not None:
        return f"refused: needs {least:,.0f} MB"
    if done.status < 0:
        return f"ended after {done.seconds:.0f} s"
    if done.status:
        last = done.said.splitlines()[-1:]
        return " ".join([f"status {done.status}", *last])
    return "" if done.peak - budget <= TOLERANCE else f"more than {TOLERANCE} MB above"


def main() -> None:
    """Run the studies one after the other, and print their peak memory."""
    words = sys.argv[1:]
    table = Table(box=None)
    for column in ("estimator", "size"):
        table.add_column(column)
    for column in ("budget (MB)", "peak", "peak - budget", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("")
    console = Console(width=140)
    for row in rows():
        if words and not any(word in f"{row.name}, {row.size}" for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            if row.budget is None:
                budget, done = run_tightly(row, Path(folder))
            else:
                budget, done = row.budget, run(row, row.budget, Path(folder))
        said = outcome(budget, done)
        print(
            f"{row.name}, {row.size}: {budget:,} MB, {done.peak:,.0f} MB {said}", file=sys.stderr, flush=True
        )
        numbers = (budget, done.peak, done.peak - budget, done.seconds)
        table.add_row(row.name, row.size, *(f"{number:,.0f}" for number in numbers), said)
    console.print(table)


if __name__ == "__main__":
    main()
