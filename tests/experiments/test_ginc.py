"""GINC-like languages, and what the exact predictor does in context."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import HiddenMarkovModel
from w2s_sim.concepts.finite import shifted
from w2s_sim.engine.replication import replicate
from w2s_sim.errors import InputError
from w2s_sim.experiments.ginc import (
    LANES,
    METRICS,
    Finetuned,
    Scores,
    World,
    imitated,
    in_context_scores,
    informed,
    prior_finetuned,
    refined,
    sample_prompt,
    unaligned,
)
from w2s_sim.experiments.ginc_concepts import DELIMITER, ginc_languages

SMALL: dict[str, Any] = {"num_entities": 3, "num_properties": 4, "num_symbols": 9}


def half_wrong(model: HiddenMarkovModel) -> HiddenMarkovModel:
    return shifted(model, 0.5)


def test_documents_have_sentences_and_examples_have_none() -> None:
    languages = ginc_languages(5, ending=0.25, slip=1e-6, **SMALL)
    documents = dataclasses.replace(languages.documents, length=400)
    keys = jax.random.split(jax.random.key(0))
    none = jnp.zeros((40, 0), dtype=int)
    concepts = jnp.arange(40) % 5
    # One step in four from inside a sentence ends it; the step after a delimiter never does.
    shown = np.asarray(documents.sample_labels(none, concepts, key=keys[0])) == DELIMITER
    inside = ~shown[:, :-1]
    rate = shown[:, 1:][inside].mean()
    assert abs(rate - 0.25) < 5 * np.sqrt(0.25 * 0.75 / inside.sum())
    assert not shown[:, 1:][~inside].any()
    examples = languages.examples.sample_labels(none, concepts, key=keys[1])
    assert not np.any(np.asarray(examples) == DELIMITER)


def test_separation_counts_the_steps_that_differ() -> None:
    def own_rows(separation: float) -> np.ndarray:
        transition = np.asarray(ginc_languages(3, separation=separation, **SMALL).examples.transition)
        blocks = transition.reshape(5, 3, 5, 3, 5).sum(axis=(1, 3)) / 3
        return np.abs(blocks[1:] - blocks[0]).max(axis=(0, 2)) > 1e-6

    assert own_rows(1.0).sum() == 4
    assert own_rows(0.5).sum() == 2
    assert own_rows(0.0).sum() == 0


def test_habits_are_about_the_first_property_alone() -> None:
    languages = ginc_languages(3, habit=0.8, **SMALL)
    start = np.asarray(languages.documents.initial).reshape(5, 3, 5).sum(axis=1)
    np.testing.assert_allclose(start[:4], np.tile([0.0, 0.85, 0.05, 0.05, 0.05], (4, 1)), atol=1e-6)
    np.testing.assert_allclose(start[4], [0.0, 0.25, 0.25, 0.25, 0.25], atol=1e-6)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("separation", 1.2),
        ("habit", -0.1),
        ("ending", 0.0),
        ("num_concepts", 1),
        ("num_symbols", 2),
        ("persistence", float("nan")),
    ],
)
def test_bad_numbers_are_refused(field: str, value: float) -> None:
    with pytest.raises(InputError, match=field):
        ginc_languages(3, **{field: value})  # pyright: ignore[reportArgumentType]


def test_weak_labels_replace_the_last_symbol_alone() -> None:
    languages = ginc_languages(4, **SMALL)
    key = jax.random.key(1)
    right = sample_prompt(languages, 300, key=key)
    weak = sample_prompt(languages, 300, shifted(languages.examples, 1.0), key=key)
    np.testing.assert_array_equal(right.examples[:, :-1], weak.examples[:, :-1])
    np.testing.assert_array_equal(right.query, weak.query)
    np.testing.assert_allclose(right.wanted.sum(), 1.0, atol=1e-5)
    # The weak model labels by its own law given the prefix.
    labeller = shifted(languages.examples, 1.0)
    law = np.exp(labeller.log_next_symbol(weak.examples[:, :-1]))[:, int(weak.concept)]
    expected = law[np.arange(300), np.asarray(weak.examples[:, -1])]
    # The mean log probability of a draw is minus the entropy; its standard error is known too.
    entropy = -np.sum(law * np.log(law), axis=1)
    spread = np.sqrt(np.sum(law * np.log(law) ** 2, axis=1) - entropy**2)
    assert abs(np.mean(np.log(expected) + entropy)) < 5 * np.sqrt(np.mean(spread**2) / 300)


def test_predictors_predict_laws_and_the_told_one_is_right() -> None:
    languages = ginc_languages(3, **SMALL)
    weak = half_wrong(languages.examples)
    prompt = sample_prompt(languages, 6, weak, key=jax.random.key(2))
    laws = {
        rule: np.asarray(rule(languages, weak, prompt))
        for rule in (refined, unaligned, informed, imitated, prior_finetuned)
    }
    for law in laws.values():
        np.testing.assert_allclose(law.sum(), 1.0, atol=1e-5)
    mixed = Finetuned(0.3)(languages, weak, prompt)
    np.testing.assert_allclose(mixed, 0.3 * laws[imitated] + 0.7 * laws[unaligned], atol=1e-6)
    # Documents may end where examples go on; given that they go on, the told model is right.
    told = laws[informed][1:] / laws[informed][1:].sum()
    np.testing.assert_allclose(told, prompt.wanted[1:] / prompt.wanted[1:].sum(), atol=0.01)


def test_scores_are_paired_and_refinement_recovers_what_imitation_loses() -> None:
    worlds = [ginc_languages(3, seed=seed, **SMALL) for seed in range(2)]
    rules = {"unaligned": unaligned, "weak": imitated, "refined": refined, "informed": informed}
    table = in_context_scores(rules, worlds, 12, weak=half_wrong, num_prompts=400)
    table = table.set_index("predictor")
    assert table.loc["informed", "shortfall"] == 0.0
    total = (table["accuracy"] + table["shortfall"]).to_numpy()
    np.testing.assert_allclose(total, total[0], atol=1e-5)
    loss, error = table["excess_loss"].to_numpy(), table["excess_loss_se"].to_numpy()
    assert np.all(error > 0)
    # In the order of the rules: unaligned, weak, refined, informed.
    for worse in (0, 1):
        assert loss[worse] - loss[2] > 5 * np.hypot(error[worse], error[2])


def test_prompts_do_not_depend_on_how_many_are_asked_for() -> None:
    world = World(ginc_languages(3, **SMALL), None, jnp.asarray(1))
    measure = Scores((unaligned, refined), 4)
    few, many = (
        replicate(measure, world, seed=5, start=0, stop=count, lanes=LANES) for count in (10, LANES + 10)
    )
    assert many.shape == (LANES + 10, 2 * len(METRICS))
    np.testing.assert_array_equal(many[:10], few)
    # Another set of the same languages has prompts of its own.
    other = replicate(measure, dataclasses.replace(world, number=jnp.asarray(0)), seed=5, start=0, stop=10)
    assert not np.array_equal(other, few)


def test_a_prompt_cannot_tell_languages_that_are_one() -> None:
    languages = ginc_languages(4, separation=0.0, **SMALL)
    prompt = sample_prompt(languages, 20, key=jax.random.key(3))
    posterior = np.exp(languages.documents.predict_next(prompt.examples, prompt.query).log_posterior)
    np.testing.assert_allclose(posterior, 0.2, atol=1e-4)


def test_habits_of_other_languages_mislead_short_examples_and_not_long_ones() -> None:
    """The last language pays at every delimiter, and earns with every symbol."""

    def weight_of_last(length: int) -> float:
        languages = ginc_languages(length, separation=0.2, habit=0.95)
        model = languages.examples
        prompts = model.sample_labels(
            jnp.zeros((60 * 33, 0), dtype=int), jnp.full(60 * 33, 4), key=jax.random.key(4)
        ).reshape(60, 33, length)
        read = jax.vmap(lambda p: languages.documents.predict_next(p[:32], p[32, :-1]).log_posterior)
        return float(np.exp(read(prompts))[:, 4].mean())

    assert weight_of_last(3) < 0.01
    assert weight_of_last(10) > 0.9
