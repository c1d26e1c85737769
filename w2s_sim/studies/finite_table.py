"""The `[task]` tables of categorical and hidden Markov concepts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from w2s_sim._checks import require_prior
from w2s_sim.concepts import CategoricalModel, FiniteModel, HiddenMarkovModel
from w2s_sim.concepts.finite import shifted, smoothed
from w2s_sim.errors import InputError
from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.parameters import Parameter, read_parameters
from w2s_sim.studies.weak_table import WeakKeys, read_weak, weak_table

PRIORS = (
    Parameter("source_prior", list, "alpha^P, K weights", required=True),
    Parameter("target_prior", list, "alpha^Q, K weights", required=True),
)
TABLES = Parameter("tables", list, "K tables of X rows of V label probabilities", depth=3, required=True)
CONTEXTS = Parameter("contexts", list, "law of the X contexts; left out: even, or the strong model's")
INITIAL = Parameter("initial", list, "K laws of the first hidden state", depth=2, required=True)
TRANSITION = Parameter(
    "transition", list, "K matrices: from a state (row) to the next", depth=3, required=True
)
EMISSION = Parameter(
    "emission", list, "K matrices: from a state (row) to the symbol it shows", depth=3, required=True
)
LENGTH = Parameter("length", int, "symbols of a sequence", required=True, low=1)
SHARE = Parameter(
    "share", float, "share of symbols replaced, for kind = 'smoothed' or 'shifted'", low=0, high=1
)


def read_categorical_task(table: Mapping[str, Any]) -> FiniteTask:
    """The task that a `[task]` table of kind "categorical" describes.

    Raises:
        InputError: Naming the key inside the table ("weak.share"), if anything does not fit.
    """

    def build(values: dict[str, Any], prior: Any) -> CategoricalModel:
        contexts = values["contexts"]
        size = len(values["tables"][0])
        even = np.full(size, 1.0 / size)
        return CategoricalModel(prior, np.asarray(values["tables"]), even if contexts is None else contexts)

    return _read(table, (TABLES, CONTEXTS), (), build)


def read_hidden_markov_task(table: Mapping[str, Any]) -> FiniteTask:
    """The task that a `[task]` table of kind "hmm" describes.

    Raises:
        InputError: Naming the key inside the table ("weak.emission"), if anything does not fit.
    """

    def build(values: dict[str, Any], prior: Any) -> HiddenMarkovModel:
        initial, transition, emission = (
            np.asarray(values[name]) for name in ("initial", "transition", "emission")
        )
        return HiddenMarkovModel(prior, initial, transition, emission, length=values["length"])

    return _read(table, (INITIAL, TRANSITION, EMISSION), (LENGTH,), build)


def _read(
    table: Mapping[str, Any],
    own: Sequence[Parameter],
    shared: Sequence[Parameter],
    build: Callable[[dict[str, Any], Any], FiniteModel],
) -> FiniteTask:
    """A task from its tables.

    Args:
        table: The `[task]` table.
        own: What a weak model of kind "general" has of its own.
        shared: What it shares with the strong model.
        build: A model from the values of both, and a prior.
    """
    scalars = {key: value for key, value in table.items() if key not in ("weak", "kind")}
    values = read_parameters((*PRIORS, *own, *shared), scalars)
    require_prior("source_prior", values["source_prior"])
    source = build(values, values["source_prior"])
    kinds: WeakKeys = {
        "smoothed": (("share",), ()),
        "shifted": (("share",), ()),
        "general": (
            tuple(p.name for p in own if p.required),
            tuple(p.name for p in own if not p.required),
        ),
    }
    kind = Parameter("kind", str, "kind of weak model", required=True, choices=tuple(kinds))
    theirs = [Parameter(p.name, p.type, p.help, depth=p.depth) for p in own]
    weak = read_weak(weak_table(table, kinds), (kind, SHARE, *theirs), kinds)
    if weak["kind"] == "general":
        given = {p.name: weak[p.name] for p in own if weak[p.name] is not None}
        supervisor = _weak_model(build, values | given, source)
    else:
        supervisor = (smoothed if weak["kind"] == "smoothed" else shifted)(source, weak["share"])
    return FiniteTask(source, values["target_prior"], supervisor)


def _weak_model(
    build: Callable[[dict[str, Any], Any], FiniteModel], values: dict[str, Any], source: FiniteModel
) -> FiniteModel:
    try:
        return build(values, source.prior)
    except InputError as error:
        raise error.located("", "weak.") from None
