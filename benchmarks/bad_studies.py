"""Run every bad study of the tests with the real command: exit status, one line, no files, and the time.

    python benchmarks/bad_studies.py [--slowest N]

Each file runs in a separate process, one after the other, so that the times include the start of Python and
all imports. Prints the errors, the slowest files, and the median and largest times. Exit status 1 if a file
was not refused as expected.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-c", "from w2s_sim.cli import main; main()"]
LARGEST_SECONDS = 2.0


def bad_files() -> list[tuple[str, bytes, list[str]]]:
    """Return the name, the content and the expected words of the error message, for each bad file."""
    # Import here, because the tests are not an installed package.
    sys.path.insert(0, str(ROOT))
    from tests.files.bad_studies import BAD, BAD_BYTES

    changed = [(new, text.replace(old, new, 1).encode(), words) for text, old, new, words in BAD]
    return changed + [(repr(content[:40]), content, words) for content, words in BAD_BYTES]


def refuse(content: bytes, words: list[str], folder: Path) -> tuple[float, float, str]:
    """Return the wall-clock time and CPU time of the command in seconds, and what was wrong, if anything."""
    path, out = folder / "study.toml", folder / "out"
    path.write_bytes(content)
    start, before = time.perf_counter(), processor_seconds()
    command = [*PROGRAM, "run", str(path), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
    seconds, busy = time.perf_counter() - start, processor_seconds() - before
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    wrong = []
    if done.returncode != 2:
        wrong.append(f"exit status {done.returncode}")
    if len(lines) != 1 or not lines[0].isprintable():
        wrong.append(f"{len(lines)} lines: {lines[-1:]}")
    missing = [word for word in [str(path), *words] if not any(word in line for line in lines)]
    if missing:
        wrong.append(f"does not say {missing}: {lines[-1:]}")
    if done.stdout or out.exists():
        wrong.append("made something")
    return seconds, busy, "; ".join(wrong)


def processor_seconds() -> float:
    """Return the CPU time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Run all bad studies, and print the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--slowest", type=int, default=5, metavar="N", help="number of slowest files to print"
    )
    slowest = parser.parse_args().slowest
    times: list[tuple[float, float, str]] = []
    num_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, content, words in bad_files():
            label = " ".join(name.split())[:60]
            seconds, busy, wrong = refuse(content, words, Path(folder))
            times.append((seconds, busy, label))
            num_wrong += bool(wrong)
            if wrong:
                print(f"WRONG {label!r}: {wrong}")
    for seconds, busy, label in sorted(times, reverse=True)[:slowest]:
        print(f"{seconds:6.2f} s ({busy:.2f} s of processor)  {label}")
    print(f"{len(times)} files, {num_wrong} not refused as they should be")
    clock, processor = [row[0] for row in times], [row[1] for row in times]
    for column, what in ((clock, "by the clock"), (processor, "of processor")):
        print(f"median {statistics.median(column):.2f} s, largest {max(column):.2f} s {what}")
    print(f"wanted: below {LARGEST_SECONDS:g} s each")
    return int(num_wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
