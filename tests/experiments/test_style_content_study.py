"""Style and content error in tables, against direct sums."""

import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import StyleContentModel
from w2s_sim.engine.replication import replicate
from w2s_sim.errors import InputError
from w2s_sim.experiments.style_content_study import (
    CONTENTS,
    REFINED,
    STYLES,
    Refined,
    deterministic_errors,
    refined_errors,
    style_content_task,
)


def test_the_ends_of_fine_tuning_are_the_two_models() -> None:
    table = deterministic_errors(style_content_task(), [0.0, 0.5, 1.0])
    style = 0.5 * np.abs(STYLES[0, 0] - STYLES[1, 0]).sum()
    content = 0.5 * np.abs(CONTENTS[0] - CONTENTS[1]).sum(axis=1).mean()
    shown = CONTENTS[0]
    shift = 0.5 * np.abs(shown - np.roll(shown, 1, axis=1)).sum(axis=1).mean()
    np.testing.assert_allclose(table["style_error"], [0.95 * style, 0.475 * style, 0.0], atol=1e-6)
    np.testing.assert_allclose(
        table["content_error"].to_numpy()[[0, 2]], [0.1 * content, 0.4 * shift], atol=1e-6
    )


def test_fine_tuning_pays_for_style_in_content_and_refinement_does_not() -> None:
    task = style_content_task()
    path = deterministic_errors(task, [0.0, 0.25, 0.5, 0.75, 1.0])
    assert np.all(np.diff(path["style_error"]) < 0)
    assert np.all(np.diff(path["content_error"]) > 0)
    table = refined_errors(task, [1, 4, 16], replicates=300)
    values, errors = table["style_error"].to_numpy(), table["style_error_se"].to_numpy()
    assert np.all(values[:-1] - values[1:] > 5 * np.hypot(errors[:-1], errors[1:]))
    assert table["content_error"].to_numpy()[-1] < 0.001
    # After four demonstrations both errors lie below every mixture of the two models.
    four = table.iloc[1]
    assert four["student_style_error"] < 0.2
    assert four["student_content_error"] + 5 * four["student_content_error_se"] < path["content_error"].min()


def test_one_context_is_bayes_and_a_student_is_the_mean_of_contexts() -> None:
    """With one batch of two, the first relabelled pair has the other as its context: enumerated."""
    task = style_content_task()
    source, weak = task.source, task.supervisor
    assert isinstance(source, StyleContentModel)
    law = np.asarray(jnp.einsum("k,kxy->xy", task.target_prior, weak.tables))  # pyright: ignore[reportAttributeAccessIssue]
    tables, prior = np.asarray(source.tables), np.asarray(source.prior)
    style = weight = 0.0
    for context in range(2):
        for label in range(law.shape[1]):
            posterior = prior * tables[:, context, label]
            posterior /= posterior.sum()
            share = 0.5 * law[context, label]
            style += share * float(source.errors(jnp.asarray(posterior), task.target_prior)[0])
            weight += share * posterior[2:].sum()
    table = refined_errors(task, [1], batches=1, replicates=4000).iloc[0]
    assert abs(table["style_error"] - style) < 5 * table["style_error_se"]
    assert abs(table["style_weight"] - weight) < 5 * table["style_weight_se"]


def test_replicates_do_not_depend_on_how_many_are_asked_for() -> None:
    task, measure = style_content_task(), Refined(size=2, batches=3)
    many, few = (replicate(measure, task, seed=4, start=0, stop=count) for count in (600, 10))
    np.testing.assert_array_equal(many[:10], few)
    row = refined_errors(task, [2], batches=3, replicates=10, seed=4).iloc[0]
    np.testing.assert_array_equal(row[list(REFINED)], few.mean(axis=0))


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: style_content_task(style_prior=0.0), "style_prior"),
        (lambda: style_content_task(wrong_content=2.0), "share"),
        (lambda: deterministic_errors(style_content_task(), [1.5]), "weight"),
        (lambda: refined_errors(style_content_task(), [0]), "num_demonstrations"),
    ],
)
def test_bad_numbers_are_refused(call: object, field: str) -> None:
    with pytest.raises(InputError, match=field):
        call()  # pyright: ignore[reportCallIssue]
