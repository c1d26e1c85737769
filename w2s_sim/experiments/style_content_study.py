"""Style and content: the synthetic counterpart of the experiments with language models.

The strong model has a plain style and mostly correct content; the target is another style with correct
content. The weak model has the target's style and errs in content. After Somerstep et al. 2025, arXiv
2405.16236.
"""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key

from w2s_sim._checks import require_between, require_count
from w2s_sim.concepts import StyleContentModel, style_content_model
from w2s_sim.concepts.conditioning import left_out, log_posterior, log_weights
from w2s_sim.concepts.style_content import with_wrong_content
from w2s_sim.engine.replication import replicate
from w2s_sim.randomness import Seed
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.verify.intervals import sample_summary

# Laws of three style symbols under each style, and of four content symbols per context under each content.
STYLES = np.array([[[0.85, 0.1, 0.05]] * 2, [[0.1, 0.7, 0.2]] * 2])
CONTENTS = np.array(
    [
        [[0.9, 0.04, 0.03, 0.03], [0.03, 0.9, 0.04, 0.03]],
        [[0.03, 0.03, 0.9, 0.04], [0.03, 0.04, 0.03, 0.9]],
    ]
)


def style_content_task(
    *, style_prior: float = 0.05, content_prior: float = 0.9, wrong_content: float = 0.4
) -> FiniteTask:
    """Make a task of a strong model in the wrong style, and a weak model that errs in content.

    Args:
        style_prior: Source prior of the wanted style, in (0, 1).
        content_prior: Source prior of the right content, in (0, 1).
        wrong_content: Share of the weak model's content symbols that are replaced by the next symbol.

    Raises:
        InputError: If a share is out of range.
    """
    for name, share in (("style_prior", style_prior), ("content_prior", content_prior)):
        require_between(name, share, 0.0, 1.0, open_low=True)
    prior = np.outer([1.0 - style_prior, style_prior], [content_prior, 1.0 - content_prior])
    source = style_content_model(prior, STYLES, CONTENTS)
    # Concept (style 1, content 0).
    return FiniteTask(source, [0.0, 0.0, 1.0, 0.0], with_wrong_content(source, wrong_content))


def deterministic_errors(task: FiniteTask, weights: Sequence[float]) -> pd.DataFrame:
    """Compute the style and content errors of the weak model, the strong model and naive fine-tuning.

    No sampling is needed: in the limit of many weak labels, fine-tuning with a penalty towards the source
    gives the mixture of the weak and the source law, with some weight on the weak law.

    Args:
        task: A task of style/content concepts.
        weights: Weights of the weak model's law, in [0, 1]; 0 gives the unaligned strong model, 1 the weak
            model.

    Returns:
        One row per weight: weight, style_error and content_error (total variation, probabilities).
    """
    source, supervisor = _models(task)
    strong = jnp.einsum("k,kxy->xy", source.prior, source.tables)
    weak = jnp.einsum("k,kxy->xy", task.target_prior, supervisor.tables)
    rows = []
    for weight in weights:
        require_between("weight", weight, 0.0, 1.0)
        style, content = source.errors_of((1.0 - weight) * strong + weight * weak, task.target_prior)
        rows.append({"weight": weight, "style_error": float(style), "content_error": float(content)})
    return pd.DataFrame(rows)


def refined_errors(
    task: FiniteTask, sizes: Sequence[int], *, batches: int = 32, replicates: int = 500, seed: Seed = 0
) -> pd.DataFrame:
    """Estimate the style and content errors of refinement in one context, and of a student of many contexts.

    In the limit of many queries, a student fitted on refined labels has the mean of their laws. Batches of n
    + 1 weak pairs relabel each pair with the n others as context.

    Args:
        task: A task of style/content concepts.
        sizes: Numbers n >= 1 of demonstrations.
        batches: Number of batches of the student, which learns from batches (n + 1) relabelled pairs.
        replicates: Number of replicates >= 2.
        seed: Replicate i depends on (seed, i) alone.

    Returns:
        One row per size: num_demonstrations; style_error and content_error of the law refined in one context;
        student_style_error and student_content_error; style_weight, the mean posterior of the wanted style,
        and undecided, the share of contexts in which this posterior lies between 0.2 and 0.8; each with its
        Monte Carlo standard error.

    Raises:
        InputError: If a count or the seed is out of range.
    """
    require_count("batches", batches, 1)
    require_count("replicates", replicates, 2)
    rows = []
    for size in sizes:
        require_count("num_demonstrations", size, 1)
        values = replicate(Refined(size, batches), task, seed=seed, start=0, stop=replicates)
        row: dict[str, float] = {"num_demonstrations": size}
        for column, name in enumerate(REFINED):
            row[name], row[f"{name}_se"] = sample_summary(values[:, column])
        rows.append(row)
    return pd.DataFrame(rows)


# Columns of `Refined`, in order.
REFINED = (
    "style_error",
    "content_error",
    "student_style_error",
    "student_content_error",
    "style_weight",
    "undecided",
)


@dataclasses.dataclass(frozen=True)
class Refined:
    """Measured quantity: the columns of `refined_errors`, for one replicate.

    Attributes:
        size: Number n of demonstrations in a context.
        batches: Number of batches of the student.
    """

    size: int
    batches: int

    def __call__(self, key: Key[Array, ""], task: FiniteTask) -> Float[Array, " columns"]:
        source, _ = _models(task)
        wanted_style = jnp.argmax(source.style_weights(task.target_prior))
        data = task.sample_weak(self.batches * (self.size + 1), key=key)
        log_likelihood = source.log_likelihood(data.inputs, data.labels)
        log_likelihood = log_likelihood.reshape(self.batches, self.size + 1, -1)
        posteriors = jnp.exp(log_posterior(log_weights(source.prior), left_out(log_likelihood)))
        single = posteriors[0, 0]
        weight = source.style_weights(single)[wanted_style]
        undecided = ((weight > 0.2) & (weight < 0.8)).astype(float)
        errors = source.errors(single, task.target_prior)
        student_errors = source.errors(jnp.mean(posteriors, axis=(0, 1)), task.target_prior)
        return jnp.stack([*errors, *student_errors, weight, undecided])


def _models(task: FiniteTask) -> tuple[StyleContentModel, StyleContentModel]:
    assert isinstance(task.source, StyleContentModel)
    assert isinstance(task.supervisor, StyleContentModel)
    return task.source, task.supervisor
