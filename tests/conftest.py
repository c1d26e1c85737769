"""Fixtures shared by all tests."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator

import jax
import numpy as np
import psutil
import pytest
from numpy.typing import ArrayLike

# Most of the suite's time is compilation of small programs. They run once, so that LLVM does not optimise.
# XLA reads the options when it starts. They win over those of tiles, here and in processes that tests start.
CHEAP_COMPILATION = (
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_parallel_codegen_split_count=1",
)
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *CHEAP_COMPILATION]).strip()
# As the commands do: a program of several LAPACK decompositions waits for ever without threads to spare.
os.environ.setdefault("NPROC", str((os.cpu_count() or 1) + 8))
# Half of what is compiled was compiled before: by another worker, by a test that started a process, or by the
# last run of the tests.
CACHE_OPTIONS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}
# A cache above this size is one of many versions of the code.
MOST_CACHED_BYTES = 500 * 10**6

# Compiled programs stay in memory: thousands of tests would fill it.
MOST_BYTES = 3 * 10**9
# The collector of reference cycles runs a hundred times less often: compiling makes many objects that stay.
gc.set_threshold(100_000, 50, 50)


def pytest_configure(config: pytest.Config) -> None:
    """One folder of compiled programs for this process and all that it starts; a folder of yours is kept."""
    if not config.pluginmanager.hasplugin("cacheprovider"):
        return
    assert config.cache is not None
    folder = config.cache.mkdir("compiled")
    is_worker = hasattr(config, "workerinput")
    if not is_worker and sum(file.stat().st_size for file in folder.iterdir()) > MOST_CACHED_BYTES:
        shutil.rmtree(folder)
        folder.mkdir()
    options = {"jax_compilation_cache_dir": str(folder), **CACHE_OPTIONS}
    for name, value in options.items():
        if os.environ.setdefault(name.upper(), str(value)) == str(value):
            jax.config.update(name, value)


@pytest.fixture(autouse=True, scope="session")
def _programs_share_contexts() -> None:
    """As those of the commands do."""
    # Not above: what is imported before pytest is configured has no types checked.
    from w2s_sim.engine.lowering_context import share_lowering_contexts

    share_lowering_contexts()


@pytest.fixture(autouse=True, scope="module")
def _programs_are_forgotten() -> Iterator[None]:
    """Between modules, which share few programs."""
    yield
    if psutil.Process().memory_info().rss > MOST_BYTES:
        from w2s_sim.engine.programs import forget_programs

        forget_programs()
        jax.clear_caches()
        gc.collect()


@pytest.fixture(autouse=True)
def _no_terminal_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as they like: pytest-xdist gives its workers the width of a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def optimised_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles as the commands compile them, for a test that runs many: the optimiser then pays."""
    from w2s_sim.engine.programs import forget_programs

    flags = os.environ["XLA_FLAGS"].split()
    kept = [flag for flag in flags if not flag.startswith("--xla_backend_optimization_level=")]
    monkeypatch.setenv("XLA_FLAGS", " ".join(kept))
    # Other tests may have compiled the same tiles without the optimiser, which rounds otherwise.
    forget_programs()
    yield
    forget_programs()


@pytest.fixture
def x64() -> Iterator[None]:
    """Double precision for one test, so that closed forms can be compared to 1e-10."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def standard_errors_off() -> Callable[[ArrayLike, ArrayLike], float]:
    """How far the mean of independent draws (first axis) is from `expected`: the worst coordinate."""

    def distance(draws: ArrayLike, expected: ArrayLike) -> float:
        sample = np.asarray(draws, dtype=np.float64)
        error = np.abs(sample.mean(axis=0) - np.asarray(expected, dtype=np.float64))
        standard_error = sample.std(axis=0, ddof=1) / np.sqrt(sample.shape[0])
        # A constant sample has no standard error: float32 rounding is all that it may be off by.
        return float(np.max(error / np.maximum(standard_error, 1e-6)))

    return distance
