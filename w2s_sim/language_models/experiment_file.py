"""Experiments as TOML files: one table of settings, and perhaps one of the user's own texts.

A file holds a table named after its experiment, `[in-context]`, `[refine]` or `[evidence]`, with the fields
of its settings, and perhaps `[texts]` with the keys `questions`, `styles` and `scorer`. Paths are those from
the folder of the file.
"""

import dataclasses
import importlib.resources
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from w2s_sim.errors import InputError, did_you_mean, not_among, shown
from w2s_sim.files.document import read_document, require_plain
from w2s_sim.language_models.content_scorer import read_scorer
from w2s_sim.language_models.evidence_study import EvidenceSettings, run_evidence
from w2s_sim.language_models.experiment_folder import Texts
from w2s_sim.language_models.in_context_study import InContextSettings, run_in_context
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.refinement_study import RefinementSettings, run_refinement
from w2s_sim.language_models.styles import read_styles
from w2s_sim.statements.contract.parameters import unknown_key

FOLDER = Path(str(importlib.resources.files("w2s_sim.language_models"))) / "ready"
READY = {path.stem: path for path in sorted(FOLDER.glob("*.toml"), key=lambda path: path.stem)}
# The settings of every experiment, and what runs it.
EXPERIMENTS: dict[str, tuple[type[Any], Callable[..., pd.DataFrame]]] = {
    "in-context": (InContextSettings, run_in_context),
    "refine": (RefinementSettings, run_refinement),
    "evidence": (EvidenceSettings, run_evidence),
}
TEXTS = ("questions", "styles", "scorer")
NOUNS = {int: "a whole number", float: "a number", str: "a text"}
ARGUMENT = "EXPERIMENT"


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment as described by its file.

    Attributes:
        kind: One of `EXPERIMENTS`.
        settings: Its settings.
        texts: The questions, the styles and the scorer.
    """

    kind: str
    settings: Any
    texts: Texts


def find_experiment(name_or_path: str) -> Path:
    """Return the file of an experiment: a user's own, which has precedence, or a ready one of the package.

    Raises:
        InputError: If there is none, with the nearest name.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    if name_or_path not in READY:
        hint = did_you_mean(path.stem, READY)
        expected = "a TOML file that exists, or one of the ready experiments " + ", ".join(READY)
        raise InputError(ARGUMENT, shown(name_or_path) + hint, expected)
    return READY[name_or_path]


def load_experiment(path: Path) -> Experiment:
    """Read the experiment in a file.

    Raises:
        InputError: Naming the file, the key and the remedy.
    """
    document = read_document(path, ARGUMENT)
    try:
        return _read(document, path.parent)
    except InputError as error:
        raise error.located(str(path)) from None


def _read(document: Mapping[str, Any], folder: Path) -> Experiment:
    require_plain(document)
    for key in document:
        if key not in (*EXPERIMENTS, "texts"):
            raise unknown_key(key, (*EXPERIMENTS, "texts"))
        if not isinstance(document[key], dict):
            raise InputError(key, shown(document[key]), f"a table [{key}]")
    named = [kind for kind in EXPERIMENTS if kind in document]
    if len(named) != 1:
        given = " and ".join(f"[{kind}]" for kind in named) or "nothing"
        raise InputError("experiment", given, "one table among " + ", ".join(f"[{k}]" for k in EXPERIMENTS))
    (kind,) = named
    try:
        settings = _settings(EXPERIMENTS[kind][0], document[kind])
    except InputError as error:
        raise error.located("", f"{kind}.") from None
    try:
        texts = _texts(kind, document.get("texts", {}), folder)
    except InputError as error:
        raise error if error.where else error.located("", "texts.") from None
    return Experiment(kind, settings, texts)


def _settings(kind: type[Any], table: Mapping[str, Any]) -> Any:
    """Return the settings with the values of a table; keys that it leaves out have their defaults."""
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    for key in table:
        if key not in names:
            raise unknown_key(key, names)
    return kind(**{key: _checked(key, value, hints[key]) for key, value in table.items()})


def _checked(name: str, value: Any, hint: Any) -> Any:
    """Return a value as the type of its field: a number, a word of a few, a text, or a tuple of these."""
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise InputError(name, shown(value), "a list, [...]")
        return tuple(_checked(name, each, typing.get_args(hint)[0]) for each in value)
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise not_among(name, value, typing.get_args(hint))
        return value
    accepted = (int, float) if hint is float else hint
    if isinstance(value, bool) or not isinstance(value, accepted):
        raise InputError(name, shown(value), NOUNS[hint])
    return hint(value)


def text_keys(kind: str) -> tuple[str, ...]:
    """Return the keys of `[texts]`; the experiment of evidence has no greedy answers to score."""
    return TEXTS[:2] if kind == "evidence" else TEXTS


def _texts(kind: str, table: Mapping[str, Any], folder: Path) -> Texts:
    for key in table:
        if key not in text_keys(kind):
            raise unknown_key(key, text_keys(kind))
        _checked(key, table[key], str)
    questions, styles = (folder / table[key] if key in table else None for key in TEXTS[:2])
    place = table.get("scorer")
    if place is not None and ".py:" in place:
        place = str(folder / place)
    scorer = read_scorer(place, "scorer")
    return Texts(read_questions(questions), read_styles(styles), scorer=scorer)
