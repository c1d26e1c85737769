"""Questions with one right answer each, in kinds of one wording, from a file that a user may replace."""

import dataclasses
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from w2s_sim.errors import InputError

WORD = "{word}"


@dataclasses.dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        kind: Name of its kind.
        text: The question.
        answer: Its right answer.
        bait: The wrong answer of its kind, which weak labels give in a systematic way.
        others: Right answers of other questions of its kind, which are wrong here.
    """

    kind: str
    text: str
    answer: str
    bait: str
    others: tuple[str, ...]


def read_questions(path: Path | None = None, own: str = "questions.toml") -> list[Question]:
    """Read questions from a TOML file.

    A table stands for each kind, with the keys `question` (a text with "{word}"), `bait` and `pairs` (words
    and their answers).

    Args:
        path: The file; by default one of this package, see `data/README.md`.
        own: Which one.

    Raises:
        InputError: If the file cannot be read or is not of this form.
    """
    where = own if path is None else str(path)
    document = read_table(path, own)
    questions = []
    for kind, table in document.items():
        if not isinstance(table, dict) or set(table) != {"question", "bait", "pairs"}:
            raise InputError(kind, "other keys", "a table with question, bait and pairs", where)
        wording, bait, pairs = table["question"], table["bait"], table["pairs"]
        if not isinstance(wording, str) or wording.count(WORD) != 1:
            raise InputError(f"{kind}.question", repr(wording), f"a text with one {WORD}", where)
        if not isinstance(bait, str) or not bait:
            raise InputError(f"{kind}.bait", repr(bait), "a word", where)
        if not isinstance(pairs, list) or not all(map(_is_pair, pairs)) or len(pairs) < 2:
            raise InputError(f"{kind}.pairs", "something else", "at least two pairs [word, answer]", where)
        answers = list(dict.fromkeys(answer for _, answer in pairs))
        if bait in answers:
            raise InputError(f"{kind}.bait", repr(bait), "a word that answers none of its questions", where)
        questions += [
            Question(kind, wording.replace(WORD, word), answer, bait, _after(answers, answer))
            for word, answer in pairs
        ]
    return questions


def read_table(path: Path | None, own: str) -> dict:
    """Read a TOML file, or the file of this name that comes with the package.

    Raises:
        InputError: If the file cannot be read or is not TOML.
    """
    source = files("w2s_sim.language_models").joinpath("data", own) if path is None else path
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), error.strerror or "not readable", "a TOML file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(path), str(error), "a TOML file") from None


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(word, str) and word for word in pair)


def _after(answers: Sequence[str], answer: str) -> tuple[str, ...]:
    """Return the other answers, beginning with the one that follows this answer."""
    first = answers.index(answer)
    return (*answers[first + 1 :], *answers[:first])
