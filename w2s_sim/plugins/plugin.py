"""A plugin: everything that one package brings in, under a name of its own."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from w2s_sim._checks import described
from w2s_sim.errors import InputError
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.laws.noise import NoiseLaw
from w2s_sim.plugins.kinds import EstimatorKind, TaskKind, require_name
from w2s_sim.statements.contract.statement import Statement

# What the fields of a plugin hold, and how a sentence names one entry.
SORTS = {
    "statements": (Statement, "statement"),
    "tasks": (TaskKind, "kind of task"),
    "estimators": (EstimatorKind, "kind of estimator"),
    "feature_laws": (str, "law of features"),
    "noise_laws": (str, "law of noise"),
    "studies": (Path, "ready study"),
}


@dataclasses.dataclass(frozen=True)
class Plugin:
    """Everything that one package brings in.

    A package names its plugin in an entry point of the group `w2s_sim.plugins`; for one call, `w2s` takes
    `--plugin FILE.py` or `--plugin MODULE:NAME`; for one process, `w2s_sim.bring_in` takes the plugin.

    Attributes:
        name: The name of the plugin, which complaints and manifests give.
        statements: Theorems, with their lemmas and controls.
        tasks: Kinds of `[task]` tables, each with its strong model.
        estimators: Kinds of `[[estimator]]` tables.
        feature_laws: Laws of features by name, each made from the number of coordinates.
        noise_laws: Laws of label noise by name.
        studies: TOML files of ready studies, each known by the name of its file.

    Raises:
        InputError: If a field is not of its type.
    """

    name: str
    statements: tuple[Statement, ...] = ()
    tasks: tuple[TaskKind, ...] = ()
    estimators: tuple[EstimatorKind, ...] = ()
    feature_laws: Mapping[str, Callable[[int], FeatureLaw]] = dataclasses.field(default_factory=dict)
    noise_laws: Mapping[str, Callable[[], NoiseLaw]] = dataclasses.field(default_factory=dict)
    studies: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        require_name("plugin", self.name)
        for field, (sort, noun) in SORTS.items():
            given = getattr(self, field)
            shape = Mapping if sort is str else tuple
            if not isinstance(given, shape) or not all(isinstance(each, sort) for each in given):
                shown = "a mapping from names to laws" if sort is str else f"a tuple, of a {noun} each"
                raise InputError(field, described(given), shown, f"plugin {self.name}")

    def names(self) -> Iterator[tuple[str, str]]:
        """Every name that the plugin takes, after the noun for what bears it."""
        for field, (sort, noun) in SORTS.items():
            for each in getattr(self, field):
                yield noun, _name_of(each) if sort is not Path else each.stem


def _name_of(each: Statement | TaskKind | EstimatorKind | str) -> str:
    match each:
        case Statement():
            return each.id
        case str():
            return each
        case _:
            return each.name
