"""The experiment in context: style and content of the answers against the number of weak demonstrations.

Every prompt has demonstrations of its own, and the sets of n demonstrations are nested. Prompts of one seed
have different questions; other seeds ask some of them again, which standard errors take into account.
"""

import dataclasses
from pathlib import Path

import jax
import pandas as pd

from w2s_sim._checks import require_count
from w2s_sim.language_models.answer_metrics import prompt_scores, summary
from w2s_sim.language_models.demonstration_sets import weak_prompts
from w2s_sim.language_models.experiment_folder import (
    Cell,
    CellProgress,
    Texts,
    open_experiment,
)
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.weak_labels import Errors
from w2s_sim.language_models.weak_teacher import require_one_source_of_errors, teacher_contents


@dataclasses.dataclass(frozen=True)
class InContextSettings:
    """What the experiment varies, and how often.

    Attributes:
        styles: Names of the wanted styles.
        sizes: Numbers n of demonstrations.
        num_prompts: Prompts of each style, size and seed.
        num_seeds: Number of seeds, from 0.
        wrong_share: Share of the demonstrations that are wrong in content.
        errors: Whether they are wrong in one systematic way, or at random.
        teacher_without_layers: Layers, from 0, that a weak teacher lacks. If there are any, the contents of
            demonstrations are its answers (`weak_teacher`), and the two fields above are not used.
    """

    styles: tuple[str, ...] = ("json", "pirate")
    sizes: tuple[int, ...] = (0, 1, 2, 4, 8, 16)
    num_prompts: int = 96
    num_seeds: int = 3
    wrong_share: float = 0.5
    errors: Errors = "systematic"
    teacher_without_layers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_one_source_of_errors(self)
        for size in self.sizes:
            require_count("sizes", size, 0)
        require_count("num_prompts", self.num_prompts, 2)
        require_count("num_seeds", self.num_seeds, 1)

    @property
    def cells(self) -> list[Cell]:
        """All styles and seeds; the first seed of all comes first. A cell holds all sizes."""
        return [(style, seed) for seed in range(self.num_seeds) for style in self.styles]


def run_in_context(
    model: LanguageModel,
    texts: Texts,
    settings: InContextSettings,
    folder: Path,
    *,
    resume: bool = False,
    progress: CellProgress = iter,
) -> pd.DataFrame:
    """Run the experiment, and keep the scores of every prompt in a folder, one file for each cell.

    Args:
        model: The language model.
        texts: The questions and styles; "plain" is the style with which the wanted ones compete.
        settings: What is varied.
        folder: Folder of the results: parts, manifest.json and in-context.csv, the table that is returned.
        resume: Whether the folder may hold cells already, which are then not computed again.
        progress: Wraps the loop over the cells that are to be computed.

    Returns:
        One row for each style and size, see `summary`.

    Raises:
        InputError: If a style is unknown, or if the folder holds results without `resume`, or those of other
            settings.
    """
    questions, styles = texts.questions, texts.styles
    experiment = open_experiment(folder, ("style", "seed"), model.name, settings, texts, resume=resume)
    contents = teacher_contents(model, texts, settings, experiment)

    def compute(name: str, seed: int) -> pd.DataFrame:
        prompts = weak_prompts(
            questions,
            styles[name],
            settings.num_prompts,
            max(settings.sizes),
            wrong_share=settings.wrong_share,
            errors=settings.errors,
            contents=contents,
            key=jax.random.fold_in(jax.random.key(seed), settings.styles.index(name)),
        )
        plain = styles["plain"]
        return prompt_scores(model, prompts, settings.sizes, styles[name], plain, texts.written, texts.scorer)

    table = summary(experiment.fill(settings.cells, compute, progress), ("style", "size"))
    experiment.write_table("in-context.csv", table)
    return table
