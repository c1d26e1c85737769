"""Finite example tasks for the statements' cases: small languages, and tables of label probabilities."""

from typing import Any

import numpy as np
from jaxtyping import Float

from w2s_sim.concepts import CategoricalModel, FiniteModel, HiddenMarkovModel, style_content_model
from w2s_sim.concepts.finite import shifted, smoothed
from w2s_sim.concepts.style_content import with_wrong_content
from w2s_sim.tasks.finite_task import FiniteTask

# Transition matrices of three languages with the same alphabet and symbol frequencies: the hidden state
# stays, is forgotten, or alternates.
STAYING, FORGETFUL, ALTERNATING = (np.array([[s, 1 - s], [1 - s, s]]) for s in (0.95, 0.5, 0.05))
SOUNDS = np.array([[0.9, 0.05, 0.05], [0.05, 0.05, 0.9]])
THIRD_LANGUAGE = [0.0, 0.0, 1.0]

# Label probabilities (in tenths) of four concepts for two inputs: linearly independent as laws of (x, y).
TABLES = np.array(
    [
        [[8, 1, 1], [2, 1, 7]],
        [[1, 8, 1], [6, 3, 1]],
        [[2, 2, 6], [1, 8, 1]],
        [[5, 1, 4], [7, 2, 1]],
    ]
)
TABLES_PRIOR = [0.5, 0.25, 0.15, 0.1]
FOURTH_TABLE = [0.0, 0.0, 0.0, 1.0]


def languages(*transitions: Float[np.ndarray, "S S"], **changes: Any) -> HiddenMarkovModel:
    """Return a model with one hidden Markov concept per transition matrix, on sequences of four symbols."""
    num_concepts = len(transitions)
    parts: dict[str, Any] = {
        "prior": [0.5, 0.3, 0.2],
        "initial": np.full((num_concepts, 2), 0.5),
        "transition": np.stack(transitions),
        "emission": np.stack([SOUNDS] * num_concepts),
        "length": 4,
    }
    return HiddenMarkovModel(**parts | changes)


def language_task(
    *, share: float = 0.1, supervisor: FiniteModel | None = None, target_prior: list[float] = THIRD_LANGUAGE
) -> FiniteTask:
    """Return the task with three languages that differ only in the order of symbols; the third is intended.

    By default the weak model replaces a share of the symbols by uniformly drawn ones.
    """
    source = languages(STAYING, FORGETFUL, ALTERNATING)
    return FiniteTask(source, target_prior, supervisor or smoothed(source, share))


def accented_language_task() -> FiniteTask:
    """Return the language task whose weak model has other initial, transition and emission probabilities."""
    transitions = [0.85 * t + 0.075 for t in (STAYING, FORGETFUL, ALTERNATING)]
    weak = languages(
        *transitions,
        initial=np.tile([0.8, 0.2], (3, 1)),
        emission=np.stack([[[0.8, 0.15, 0.05], [0.1, 0.3, 0.6]]] * 3),
    )
    return language_task(supervisor=weak)


def hesitant_language_task() -> FiniteTask:
    """Return the language task whose weak model has a third hidden state, a pause; not a smoothed source."""
    pause = np.full(3, 1.0 / 3.0)
    transitions = [
        np.block([[0.8 * t, np.full((2, 1), 0.2)], [np.full((1, 2), 0.5), np.zeros((1, 1))]])
        for t in (STAYING, FORGETFUL, ALTERNATING)
    ]
    weak = languages(
        *transitions,
        initial=np.tile([0.4, 0.4, 0.2], (3, 1)),
        emission=np.stack([np.vstack([SOUNDS, pause])] * 3),
    )
    return language_task(supervisor=weak)


def three_state_task() -> FiniteTask:
    """Return a task with three languages of three hidden states: two opposite cycles, and no cycle."""
    cycle = np.roll(np.eye(3), 1, axis=1)
    transitions = [0.85 * matrix + 0.05 for matrix in (cycle, np.full((3, 3), 1.0 / 3.0), cycle.T)]
    source = languages(
        *transitions,
        initial=np.full((3, 3), 1.0 / 3.0),
        emission=np.stack([0.85 * np.eye(3) + 0.05] * 3),
    )
    return FiniteTask(source, THIRD_LANGUAGE, smoothed(source, 0.1))


def table_model(prior: list[float] = TABLES_PRIOR) -> CategoricalModel:
    """Return the model with the four concepts of `TABLES`."""
    return CategoricalModel(prior, TABLES / 10.0, [0.4, 0.6])


def table_task(
    *,
    source_prior: list[float] = TABLES_PRIOR,
    target_prior: list[float] = FOURTH_TABLE,
    share: float = 0.0,
    shift: float = 0.0,
) -> FiniteTask:
    """Return a task with four categorical concepts.

    The weak model replaces the share `shift` of the labels by the next symbol, and the share `share` by a
    uniform one. By default the weak labels follow the concepts themselves.
    """
    source = table_model(source_prior)
    return FiniteTask(source, target_prior, smoothed(shifted(source, shift), share))


def style_content_task(*, target_prior: list[float] | None = None, wrong_content: float = 0.4) -> FiniteTask:
    """Return a task with two styles and two contents; the weak model has right styles and wrong contents."""
    styles = np.array([[[8.5, 1.0, 0.5]] * 2, [[1, 7, 2]] * 2]) / 10.0
    contents = np.array([[[90, 5, 5], [5, 90, 5]], [[5, 5, 90], [90, 5, 5]]]) / 100.0
    source = style_content_model(np.outer([0.95, 0.05], [0.9, 0.1]), styles, contents)
    wanted = [0.0, 0.0, 1.0, 0.0] if target_prior is None else target_prior
    return FiniteTask(source, wanted, with_wrong_content(source, wrong_content))


def matched(task: FiniteTask) -> FiniteTask:
    """Return the task whose strong model has the weak model's concepts, and so knows the weak labels' law."""
    return FiniteTask(task.supervisor.with_prior(task.source.prior), task.target_prior, task.supervisor)


def well_described(model: FiniteModel, target_prior: list[float]) -> FiniteTask:
    """Return the task whose weak labels of each concept follow the strong model's own law of the concept."""
    return FiniteTask(model, target_prior, model)


def repeated_table_task(source_prior: list[float], target_prior: list[float]) -> FiniteTask:
    """Return the task of the tables in which the fourth concept has the same law as the first."""
    tables = TABLES[[0, 1, 2, 0]] / 10.0
    return well_described(CategoricalModel(source_prior, tables, [0.4, 0.6]), target_prior)


def coin_task(doublings: int) -> FiniteTask:
    """Return a task with a fair coin and the target, a two-headed coin of source probability 2^-doublings."""
    share = 2.0**-doublings
    model = CategoricalModel([1.0 - share, share], [[[0.5, 0.5]], [[1.0, 0.0]]], [1.0])
    return well_described(model, [0.0, 1.0])


def loaded_coin_task(share: float = 0.999) -> FiniteTask:
    """Return a task with two coins: the intended one shows heads with probability `share`, the other tails.

    The log-odds of a toss are plus or minus log(share / (1 - share)), a lattice.
    """
    model = CategoricalModel([0.5, 0.5], [[[share, 1.0 - share]], [[1.0 - share, share]]], [1.0])
    return well_described(model, [1.0, 0.0])


def random_tables(seed: int) -> tuple[CategoricalModel, list[float]]:
    """Return four concepts and a target prior, drawn from Dirichlet laws that favour concentrated ones."""
    generator = np.random.default_rng(seed)
    source_prior, target_prior = generator.dirichlet(np.full(4, 0.5), 2) * 0.98 + 0.005
    tables = generator.dirichlet(np.full(3, 0.3), (4, 2)) * 0.97 + 0.01
    return CategoricalModel(source_prior, tables, [0.4, 0.6]), target_prior.tolist()
