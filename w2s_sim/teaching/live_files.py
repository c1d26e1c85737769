"""The explorer's task as files: a case for `w2s verify ID --case`, and a study for `w2s run`."""

from typing import Any

from w2s_sim.files.case_writer import case_file, task_tables
from w2s_sim.files.toml_text import table_text
from w2s_sim.statements.registry import find_statement
from w2s_sim.teaching.live_task import Controls, task_of
from w2s_sim.teaching.live_verdict import case_of

STUDENT_SIZES = [16, 32, 64, 128, 256, 512]
DEMONSTRATIONS = [1, 2, 4, 8, 16, 32, 64]
REPLICATES = 2000


def case_text(controls: Controls, theorem: str) -> str:
    """Return the text of a case file of a theorem on the task of the controls.

    Raises:
        InputError: If there is no such task, or the theorem cannot be asked about it.
    """
    statement = find_statement(theorem)
    head = f"# w2s verify {theorem} --case case.toml\n"
    return head + case_file(statement, case_of(controls, statement))


def study_text(controls: Controls) -> str:
    """Return the text of a study of the three methods on the task of the controls.

    Raises:
        InputError: If there is no such task.
    """
    task, weak = task_tables(task_of(controls))
    if controls.lean == 0:
        # Files have these concepts and this bias by name.
        del task["concepts"]
        weak = {"kind": "biased", "bias": controls.bias, "noise": controls.weak_noise}
    naive = {"kind": "finetune", "label": "naive fine-tuning", "ridge": controls.ridge}
    labeller = {"kind": "refine", "label": "labeller in context", "num_demonstrations": DEMONSTRATIONS}
    student = {**labeller, "label": "refined student", "ridge": 0.0, "num_queries": controls.num_queries}
    figure = {"name": "risk", "x": "sample_size", "y": "risk", "colour": "estimator.label"}
    tables: list[tuple[str, dict[str, Any]]] = [
        ("task", task),
        ("task.weak", weak),
        ("[estimator]", {**naive, "num_weak": STUDENT_SIZES}),
        ("[estimator]", labeller),
        ("[estimator]", student),
        ("replication", {"replicates": REPLICATES, "seed": 0}),
        ("[figure]", {**figure, "log_x": True, "log_y": True}),
    ]
    head = "# w2s run study.toml --out out\n"
    return head + "\n".join(table_text(name, table) for name, table in tables)
