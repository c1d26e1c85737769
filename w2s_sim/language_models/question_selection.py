"""Selecting questions: a questions file of those questions of another file that a model answers rightly."""

import json
from collections.abc import Sequence
from pathlib import Path

from w2s_sim.errors import InputError
from w2s_sim.language_models.question_set import read_table

CANDIDATES = "candidates.toml"
# A kind of fewer questions has no wrong answers but the bait.
FEWEST = 2


def selected_questions(path: Path | None, kept: Sequence[bool]) -> str:
    """Return the text of a questions file that holds some of the questions of another file.

    Kinds of which fewer than two questions are kept are left out.

    Args:
        path: The other file; by default the candidates of this package.
        kept: Whether each question is kept, in the order of `read_questions`.

    Raises:
        InputError: If every kind is left out.
    """
    following = iter(kept)
    texts = []
    for kind, table in read_table(path, CANDIDATES).items():
        pairs = [pair for pair in table["pairs"] if next(following)]
        if len(pairs) >= FEWEST:
            # Texts are written alike in JSON and in TOML.
            lines = [f"{key} = {_quoted(table[key])}" for key in ("question", "bait")]
            rows = [f"    [{_quoted(word)}, {_quoted(answer)}]," for word, answer in pairs]
            texts.append("\n".join([f"[{_quoted(kind)}]", *lines, "pairs = [", *rows, "]"]))
    if not texts:
        raise InputError("questions", f"{sum(kept)} right answers", "two right answers of one kind")
    return "\n\n".join(texts) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
