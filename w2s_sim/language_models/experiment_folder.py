"""The folder of an experiment: what it was made with, one file for each cell, and the table of all."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from w2s_sim.engine.letting_go import Room
from w2s_sim.errors import InputError
from w2s_sim.language_models.content_scorer import EXACT_MATCH, ContentScorer
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style
from w2s_sim.manifest import build_manifest
from w2s_sim.runs.whole_files import write_whole

# What tells a cell from the others, for example a style, a number of demonstrations and a seed.
Cell = tuple[str | int, ...]
# Wraps the loop over cells to report progress, as `w2s_sim.cli.progress.track` does.
CellProgress = Callable[[Sequence[Cell]], Iterable[Cell]]


@dataclasses.dataclass(frozen=True)
class ExperimentFolder:
    """A folder with manifest.json and a file for every cell that was computed.

    Attributes:
        folder: The folder.
        columns: Names of what tells cells apart.
    """

    folder: Path
    columns: tuple[str, ...]

    def prepare(self, configuration: dict[str, Any], *, resume: bool) -> None:
        """Make the folder and its manifest, or check that it holds this experiment.

        Args:
            configuration: The settings of the experiment, which JSON can hold.
            resume: Whether the folder may hold results already.

        Raises:
            InputError: If the folder holds results without `resume`, or those of other settings, or cannot be
                written.
        """
        configuration = json.loads(json.dumps(configuration))
        manifest = self.folder / "manifest.json"
        if manifest.is_file():
            if not resume:
                raise InputError("--out", f"{self.folder}, which holds results", "a new folder, or --resume")
            before = json.loads(manifest.read_text("utf-8"))["configuration"]
            changed = [name for name, value in configuration.items() if before.get(name) != value]
            if changed:
                name = changed[0]
                given = f"{name} = {configuration[name]}, and {before.get(name)} in {self.folder}"
                raise InputError("--resume", given, "the same experiment")
        try:
            (self.folder / "parts").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            given = error.strerror or str(self.folder)
            raise InputError("--out", given, "a folder that can be written") from None
        write_whole(manifest, json.dumps(build_manifest(configuration), indent=1).encode())

    def fill(
        self, cells: Sequence[Cell], compute: Callable[..., pd.DataFrame], progress: CellProgress
    ) -> pd.DataFrame:
        """Compute the cells that are not there, and return the rows of all with what tells cells apart.

        Args:
            cells: The cells.
            compute: Returns the rows of a cell, called with what tells it apart.
            progress: Wraps the loop over the cells that are to be computed.
        """
        room = Room()
        files = {cell: self.folder / "parts" / f"{'-'.join(map(str, cell))}.csv" for cell in cells}
        for cell in progress([cell for cell, file in files.items() if not file.is_file()]):
            rows = compute(*cell).assign(**dict(zip(self.columns, cell, strict=True)))
            write_whole(files[cell], rows.to_csv(index=False).encode())
            room.keep()
        return pd.concat([pd.read_csv(file) for file in files.values()], ignore_index=True)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write the table of the experiment."""
        write_whole(self.folder / name, table.to_csv(index=False).encode())


@dataclasses.dataclass(frozen=True)
class Texts:
    """The texts of an experiment.

    Attributes:
        questions: The questions.
        styles: The styles by name.
        written: How questions and answers are written.
        scorer: Decides whether a greedy answer has the right content.
    """

    questions: Sequence[Question]
    styles: dict[str, Style]
    written: ConversationFormat = LINES
    scorer: ContentScorer = EXACT_MATCH

    @property
    def digest(self) -> str:
        """A short text that differs for other texts, and for another scorer."""
        parts = (list(self.questions), self.styles, self.written, self.scorer.name)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@runtime_checkable
class Settings(Protocol):
    """The settings of an experiment: a dataclass that names the wanted styles."""

    @property
    def styles(self) -> tuple[str, ...]: ...


def open_experiment(
    folder: Path, columns: tuple[str, ...], model: str, settings: Settings, texts: Texts, *, resume: bool
) -> ExperimentFolder:
    """Return the folder of an experiment, with the manifest of all that its results depend on.

    Args:
        folder: The folder.
        columns: Names of what tells cells apart.
        model: Name of the language model.
        settings: The settings, a dataclass.
        texts: The questions, the styles and the format, of which the manifest holds a digest.
        resume: Whether the folder may hold cells of the same experiment already.

    Raises:
        InputError: If a wanted style or "plain" is no style, or see `ExperimentFolder.prepare`.
    """
    for name in (*settings.styles, "plain"):
        if name not in texts.styles:
            raise InputError("styles", repr(name), f"one of {', '.join(texts.styles)}")
    experiment = ExperimentFolder(folder, columns)
    chosen: Any = settings
    configuration = {"model": model, "texts": texts.digest, **dataclasses.asdict(chosen)}
    experiment.prepare(configuration, resume=resume)
    return experiment
