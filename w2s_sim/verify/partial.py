"""Summary of a battery that a signal interrupted: which rows and theorems were reached."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from w2s_sim.verify.battery import Job
from w2s_sim.verify.verdict import Verdict


def partial_run(jobs: Sequence[Job], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the entry `partial_run` of the manifest.

    Args:
        jobs: All rows of the battery.
        verdicts: The verdicts that were reached.

    Returns:
        `rows`: number of sampled rows reached. `of`: number of rows in the battery. `cut_short`: ids of
        theorems that lack rows, or whose mutants were not judged. `not_reached`: ids of theorems without a
        verdict.
    """
    asked = Counter(job.theorem.id for job in jobs)
    reached = Counter(verdict.theorem for verdict in verdicts if verdict.role != "mutant")
    judged = {verdict.theorem for verdict in verdicts if verdict.role == "mutant"}
    return {
        "rows": reached.total(),
        "of": asked.total(),
        "cut_short": [id_ for id_ in reached if reached[id_] < asked[id_] or id_ not in judged],
        "not_reached": [id_ for id_ in asked if id_ not in reached],
    }


def partial_sentence(partial: dict[str, Any]) -> str:
    """Return the entry `partial_run` as a sentence."""
    parts = [f"Partial run: interrupted after {partial['rows']} of {partial['of']} rows"]
    if partial["cut_short"]:
        parts.append("cut short: " + ", ".join(partial["cut_short"]))
    if partial["not_reached"]:
        parts.append("not reached: " + ", ".join(partial["not_reached"]))
    return "; ".join(parts) + "."
