"""Contents of plugins as plain data, for listings and documents."""

from typing import Any

from w2s_sim.plugins.loading import is_place
from w2s_sim.plugins.open_registry import registry
from w2s_sim.statements.contract.statement import Statement
from w2s_sim.statements.contract.theorem_entry import theorem_entry


def what_plugins_bring() -> list[dict[str, Any]]:
    """Return the available plugins, in their order, each with everything that it contains.

    Returns:
        For each plugin: `name`, `version` (of its distribution, or the SHA-256 of its file), `origin`
        (distribution, file or module), `statements` (each with `id`, `kind`, `title`, `summary`, `lemmas`,
        `reference`, `page`), and the names of its `tasks`, `estimators`, `feature_laws`, `noise_laws` and
        `studies`. All values can be written as JSON.
    """
    return [
        {
            **brought.record,
            "statements": [theorem_entry(statement) for statement in brought.plugin.statements],
            "tasks": [kind.name for kind in brought.plugin.tasks],
            "estimators": [kind.name for kind in brought.plugin.estimators],
            "feature_laws": list(brought.plugin.feature_laws),
            "noise_laws": list(brought.plugin.noise_laws),
            "studies": [path.stem for path in brought.plugin.studies],
        }
        for brought in registry().brought
    ]


def on_the_command_line(statement: Statement) -> str:
    """Return how a command names a statement: by its id, and with its plugin if that must be named."""
    for brought in registry().brought:
        if any(each is statement for each in brought.plugin.statements) and is_place(brought.origin):
            return f"{statement.id} --plugin {brought.origin}"
    return statement.id
