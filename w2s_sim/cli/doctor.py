"""`w2s doctor`: versions and devices of this machine, and checks of its numbers."""

import os
import platform
from collections.abc import Callable

import jax
import jax.extend.random
import jax.numpy as jnp
import numpy as np
from rich.table import Table

from w2s_sim.cli.console import make_console
from w2s_sim.cli.program_folder import describe_folder
from w2s_sim.estimators import InContext
from w2s_sim.identification import identification_bound
from w2s_sim.manifest import git_revision, package_versions
from w2s_sim.plugins import registry
from w2s_sim.statements import Case, find_statement
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.verify import replicate


def run_doctor() -> int:
    """Print versions and devices, then run the checks; returns 1 if a check fails."""
    console = make_console()
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_row("python", f"{platform.python_version()} on {platform.platform()}")
    facts.add_row("cores", str(os.cpu_count()))
    facts.add_row("devices", ", ".join(str(device) for device in jax.devices()))
    plugins = [f"{brought.label} {brought.version}".strip() for brought in registry().brought]
    facts.add_row("programs", describe_folder())
    facts.add_row("plugins", ", ".join(plugins) or "none")
    facts.add_row("revision", git_revision() or "not a checkout")
    for package, version in package_versions().items():
        facts.add_row(package, version)
    console.print(facts)
    console.print()

    failed = 0
    for name, check in CHECKS.items():
        try:
            problem = check()
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        failed += bool(problem)
        console.print(f"[red]FAIL[/] {name}: {problem}" if problem else f"[green]ok[/]   {name}")
    return 1 if failed else 0


def _random_bits() -> str:
    """Compare with the generator's published test vector, so that seeds mean the same on all machines."""
    # Threefry-2x32 with key and counter zero (Salmon et al. 2011, Random123's known answers).
    bits = jax.extend.random.threefry_2x32(jnp.zeros(2, jnp.uint32), jnp.zeros(2, jnp.uint32))
    known = [0x6B200159, 0x99BA4EFE]
    return "" if bits.tolist() == known else f"got {bits.tolist()}, expected {known}"


def _known_bound() -> str:
    value = float(identification_bound(canonical_task(), 16))
    known = 0.0362256
    return "" if abs(value / known - 1) < 1e-4 else f"got {value}, expected {known}"


def _same_replicates() -> str:
    statement = find_statement("concept-identification")
    assert statement.measure is not None
    case = Case("", canonical_task(), InContext(4))
    whole = replicate(statement.measure, case, seed=0, start=0, stop=600)
    parts = [replicate(statement.measure, case, seed=0, start=a, stop=b) for a, b in ((0, 7), (7, 600))]
    return "" if np.array_equal(whole, np.concatenate(parts)) else "replicates depend on how a run is divided"


def _precision() -> str:
    task, key = canonical_task(), jax.random.key(0)
    data = task.sample_weak(32, key=key)
    single = task.source.log_posterior(data.inputs, data.labels)
    vectors = np.asarray(task.source.vectors, dtype=np.float64)
    residuals = np.asarray(data.labels, np.float64)[:, None] - np.asarray(data.inputs, np.float64) @ vectors.T
    exact = np.log(np.asarray(task.source.prior, np.float64)) - 0.5 * np.sum(residuals**2, axis=0) / 0.25
    exact -= np.logaddexp.reduce(exact)
    error = float(np.max(np.abs(np.asarray(single) - exact)))
    return "" if error < 1e-3 else f"log posteriors miss by {error:.2g} nats in float32"


CHECKS: dict[str, Callable[[], str]] = {
    "random bits are those of the published generator": _random_bits,
    "the canonical bound has its known value": _known_bound,
    "replicates do not depend on how a run is divided": _same_replicates,
    "float32 posteriors are accurate to 1e-3 nats": _precision,
}
