"""A plugin: everything that a package adds, under a name of its own."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from w2s_sim._checks import described
from w2s_sim.errors import InputError
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.laws.noise import NoiseLaw
from w2s_sim.plugins.kinds import EstimatorKind, TaskKind, require_name
from w2s_sim.statements.contract.statement import Statement

# For each field of a plugin: the type of its entries, and the noun for one entry in messages.
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
    """Everything that a package adds to this one.

    A package declares its plugin as an entry point of the group `w2s_sim.plugins`. For a single command, use
    `w2s --plugin FILE.py` or `--plugin MODULE:NAME`; for a single process, use `w2s_sim.bring_in`.

    Attributes:
        name: The name of the plugin in messages and manifests.
        statements: Theorems, with their lemmas and controls.
        tasks: Kinds of `[task]` tables, each with its strong model.
        estimators: Kinds of `[[estimator]]` tables.
        feature_laws: Laws of features by name, each as a function of the number of coordinates.
        noise_laws: Laws of label noise by name.
        studies: TOML files of ready studies; the name of a study is the name of its file without suffix.

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
        """Yield (noun, name) for every name that the plugin takes."""
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
