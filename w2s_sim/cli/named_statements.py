"""Statements named on the command line by ids, files or modules."""

from collections.abc import Sequence

from w2s_sim.errors import InputError
from w2s_sim.plugins import bring_in, find_statement, is_place
from w2s_sim.statements import Statement


def named_statements(words: Sequence[str]) -> list[Statement]:
    """Return the statements that the words name, each once.

    Plugins in files and modules are added to the registry; wrap the call in `brought_in` to remove them
    again.

    Args:
        words: Ids of theorems, FILE.py, or MODULE:NAME.

    Raises:
        InputError: If there is no such statement, or a file or module contains none.
    """
    found: list[Statement] = []
    for word in dict.fromkeys(words):
        if not is_place(word):
            found.append(find_statement(word))
            continue
        statements = [statement for plugin in bring_in(word) for statement in plugin.statements]
        if not statements:
            raise InputError(
                "theorem", f"{word}, which contains no statement", "a file or module with statements"
            )
        found += statements
    return list({statement.id: statement for statement in found}.values())


def named_statement(word: str) -> Statement:
    """Return the only statement that a word names.

    Raises:
        InputError: If the word names no statement, or a file or module with several.
    """
    found = named_statements([word])
    if len(found) > 1:
        given = f"{word}, which contains {', '.join(statement.id for statement in found)}"
        raise InputError("theorem", given, f"one of these ids, with --plugin {word}")
    return found[0]
