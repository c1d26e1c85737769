"""The `[task]` tables of categorical, style/content and hidden Markov concepts."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from w2s_sim._checks import probabilities
from w2s_sim.concepts import CategoricalModel, FiniteModel, HiddenMarkovModel, style_content_model
from w2s_sim.concepts.finite import shifted, smoothed
from w2s_sim.concepts.style_content import with_wrong_content, with_wrong_style
from w2s_sim.errors import InputError
from w2s_sim.plugins.kinds import WeakKeys
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.tasks.finite_task import FiniteTask

PRIORS = (
    Parameter("source_prior", list, "alpha^P, K weights", required=True),
    Parameter("target_prior", list, "alpha^Q, K weights", required=True),
)
TABLES = Parameter("tables", list, "K tables of X rows of V label probabilities", depth=3, required=True)
CONTEXTS = Parameter("contexts", list, "law of the X contexts; left out: uniform, or the strong model's")
INITIAL = Parameter("initial", list, "K laws of the first hidden state", depth=2, required=True)
TRANSITION = Parameter(
    "transition", list, "K matrices: transition probabilities, one row per state", depth=3, required=True
)
EMISSION = Parameter(
    "emission", list, "K matrices: symbol probabilities, a row for each state", depth=3, required=True
)
LENGTH = Parameter("length", int, "symbols of a sequence", required=True, low=1)
STYLE_TABLES = Parameter(
    "style_tables", list, "S tables of X rows of style symbol probabilities", depth=3, required=True
)
CONTENT_TABLES = Parameter(
    "content_tables", list, "C tables of X rows of content symbol probabilities", depth=3, required=True
)
SHARE = Parameter("share", float, "share of symbols replaced, unless kind = 'general'", low=0, high=1)

# Weak models made from the strong model and a share, by kind.
Makers = Mapping[str, Callable[[Any, float], FiniteModel]]
GARBLED: Makers = {"smoothed": smoothed, "shifted": shifted}
HALF_RIGHT: Makers = {"wrong-content": with_wrong_content, "wrong-style": with_wrong_style}


@dataclasses.dataclass(frozen=True)
class FiniteKeys:
    """The keys of one kind of finite concepts.

    Attributes:
        own: Keys that a weak model of kind "general" has as well.
        shared: Keys of the strong model that the weak model shares.
        makers: The other kinds of weak models, each with the function that makes the model.
    """

    own: tuple[Parameter, ...]
    shared: tuple[Parameter, ...] = ()
    makers: Makers = dataclasses.field(default_factory=lambda: GARBLED)

    @property
    def task_parameters(self) -> tuple[Parameter, ...]:
        """Keys of the `[task]` table, except `kind`."""
        return (*PRIORS, *self.own, *self.shared)

    @property
    def weak_keys(self) -> WeakKeys:
        """For each kind of weak model, its required keys and its optional keys."""
        required = tuple(p.name for p in self.own if p.required)
        optional = tuple(p.name for p in self.own if not p.required)
        return {**{kind: (("share",), ()) for kind in self.makers}, "general": (required, optional)}

    @property
    def weak_parameters(self) -> tuple[Parameter, ...]:
        """Keys of the `[task.weak]` table, for all kinds together."""
        kind = Parameter("kind", str, "kind of weak model", required=True, choices=tuple(self.weak_keys))
        theirs = (Parameter(p.name, p.type, p.help, depth=p.depth) for p in self.own)
        return (kind, SHARE, *theirs)


FINITE_KEYS = {
    "categorical": FiniteKeys((TABLES, CONTEXTS)),
    "style-content": FiniteKeys((STYLE_TABLES, CONTENT_TABLES, CONTEXTS), makers={**HALF_RIGHT, **GARBLED}),
    "hmm": FiniteKeys((INITIAL, TRANSITION, EMISSION), (LENGTH,)),
}


def build_categorical_task(values: dict[str, Any], weak: dict[str, Any]) -> FiniteTask:
    """Build the task of a `[task]` table of kind "categorical".

    Args:
        values: The checked values of the table.
        weak: The checked values of its `[task.weak]` table.

    Raises:
        InputError: Naming the key inside the table ("weak.share"), if a value does not fit.
    """

    def build(values: dict[str, Any], prior: Any) -> CategoricalModel:
        contexts = values["contexts"]
        size = len(values["tables"][0])
        even = np.full(size, 1.0 / size)
        return CategoricalModel(prior, np.asarray(values["tables"]), even if contexts is None else contexts)

    return _built(values, weak, FINITE_KEYS["categorical"], build)


def build_style_content_task(values: dict[str, Any], weak: dict[str, Any]) -> FiniteTask:
    """Build the task of a `[task]` table of kind "style-content".

    Concepts are pairs of a style and a content, ordered by style: a prior lists the weights of (style 1,
    content 1), (style 1, content 2), and so on.

    Args:
        values: The checked values of the table.
        weak: The checked values of its `[task.weak]` table.

    Raises:
        InputError: Naming the key inside the table ("weak.share"), if a value does not fit.
    """

    def build(values: dict[str, Any], prior: Any) -> FiniteModel:
        styles, contents = (np.asarray(values[name]) for name in ("style_tables", "content_tables"))
        weights = np.asarray(prior, dtype=float)
        if weights.size != len(styles) * len(contents):
            expected = f"{len(styles)} x {len(contents)} weights, ordered by style"
            raise InputError("source_prior", f"{weights.size} weights", expected)
        joint = weights.reshape(len(styles), len(contents))
        contexts = None if values["contexts"] is None else np.asarray(values["contexts"])
        return style_content_model(joint, styles, contents, contexts)

    return _built(values, weak, FINITE_KEYS["style-content"], build)


def build_hidden_markov_task(values: dict[str, Any], weak: dict[str, Any]) -> FiniteTask:
    """Build the task of a `[task]` table of kind "hmm".

    Args:
        values: The checked values of the table.
        weak: The checked values of its `[task.weak]` table.

    Raises:
        InputError: Naming the key inside the table ("weak.emission"), if a value does not fit.
    """

    def build(values: dict[str, Any], prior: Any) -> HiddenMarkovModel:
        initial, transition, emission = (
            np.asarray(values[name]) for name in ("initial", "transition", "emission")
        )
        return HiddenMarkovModel(prior, initial, transition, emission, length=values["length"])

    return _built(values, weak, FINITE_KEYS["hmm"], build)


def _built(
    values: dict[str, Any],
    weak: dict[str, Any],
    keys: FiniteKeys,
    build: Callable[[dict[str, Any], Any], FiniteModel],
) -> FiniteTask:
    """Build a task from the checked values of its tables.

    Args:
        values: Values of the `[task]` table.
        weak: Values of its `[task.weak]` table.
        keys: Keys of its kind.
        build: Function that builds a model from the values of a table and a prior.
    """
    source = build(values, probabilities("source_prior", values["source_prior"]))
    if weak["kind"] == "general":
        given = {p.name: weak[p.name] for p in keys.own if weak[p.name] is not None}
        supervisor = _weak_model(build, values | given, source)
    else:
        supervisor = keys.makers[weak["kind"]](source, weak["share"])
    return FiniteTask(source, values["target_prior"], supervisor)


def _weak_model(
    build: Callable[[dict[str, Any], Any], FiniteModel], values: dict[str, Any], source: FiniteModel
) -> FiniteModel:
    try:
        return build(values, source.prior)
    except InputError as error:
        raise error.located("", "weak.") from None
