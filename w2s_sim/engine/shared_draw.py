"""Many estimators on one draw of weak data: each replicate draws once, and every estimator learns from it.

An estimator that needs n pairs learns from the first n pairs of the draw. Estimators that differ in numbers
alone are computed as one, and estimators that see the same statistic of the data, of any sample size, share
one pass over the data. An estimator's student is the same, up to rounding, as if it learned alone.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from w2s_sim.engine.measured import FromWeakData, Measure
from w2s_sim.engine.programs import Form
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.prefixes import PrefixStatistic, prefix_statistic_of
from w2s_sim.tasks.sampling import Sampling
from w2s_sim.tasks.task import Task, WeakData

# A student's metrics, as a vector: a function of the task and the student.
Score = Callable[[Any, Any], Float[Array, " r"]]


class Family(eqx.Module):
    """Estimators that differ in numbers alone.

    Attributes:
        members: An estimator whose arrays have a leading axis, for M estimators.
        count: M.
    """

    members: Any
    count: int = eqx.field(static=True)

    @property
    def sample_size(self) -> int:
        """Number of weak pairs that every estimator reads; it may depend on the shapes of one alone."""
        arrays, static = eqx.partition(self.members, eqx.is_array)
        return eqx.combine(jax.tree.map(lambda stacked: stacked[0], arrays), static).sample_size

    def each(self, function: Callable[[Any], Float[Array, " r"]]) -> Float[Array, "{self.count} r"]:
        """Apply a function to every estimator."""
        arrays, static = eqx.partition(self.members, eqx.is_array)
        return jax.vmap(lambda own: function(eqx.combine(own, static)), axis_size=self.count)(arrays)


class Path(eqx.Module):
    """Families at several sample sizes that see the data through one statistic.

    Attributes:
        statistic: The statistic.
        largest: Largest sample size.
        sizes: The C sample sizes.
        families: Families whose arrays have one more leading axis, for the C sizes.
    """

    statistic: PrefixStatistic = eqx.field(static=True)
    largest: int = eqx.field(static=True)
    sizes: Int[Array, " C"]
    families: tuple[Family, ...]


class SharedDraw(eqx.Module):
    """Estimators that learn from one draw of a task's weak data.

    Attributes:
        sampling: The law of the weak data, with the largest sample size.
        families: The families that learn from the data.
        paths: The families that learn from statistics of the data.
        order: For each estimator, the position of its results among those of all families.
    """

    sampling: Sampling
    families: tuple[Family, ...]
    paths: tuple[Path, ...]
    order: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def of(cls, task: Task[Any, Any], estimators: Sequence[Estimator], context_size: int) -> "SharedDraw":
        """Let estimators share the draws of a task.

        Args:
            task: The task.
            estimators: At least one estimator; all suit the strong model of the task.
            context_size: Number of consecutive pairs that share one draw of the concept.
        """
        families, by_path, alone = [], defaultdict(list), []
        for column in columns_of(task, estimators):
            if column.statistic is None:
                families.append(Family(_stacked([estimators[i] for i in column.positions[0]]), column.width))
                alone += column.positions[0]
            else:
                by_path[column.statistic, column.sizes].append(column)
        paths = tuple(_path_of(columns, estimators) for columns in by_path.values())
        on_paths = [i for columns in by_path.values() for column in columns for i in column.flat]
        order = np.argsort([*alone, *on_paths])
        largest = max(estimator.sample_size for estimator in estimators)
        return cls(Sampling(task, largest, context_size), tuple(families), paths, tuple(order.tolist()))

    def measure(self, score: Score) -> Measure:
        """Return the measured quantity: the metrics of all students, one student after the other."""
        return FromWeakData(SharedMetrics(score))


def families_of(estimators: Sequence[Any]) -> tuple[tuple[Family, ...], list[int]]:
    """Put estimators that differ in numbers alone into families.

    Returns:
        The families, and the positions of their members, family by family.
    """
    alike: dict[Form, list[int]] = {}
    for position, estimator in enumerate(estimators):
        alike.setdefault(Form.of(estimator), []).append(position)
    families = tuple(
        Family(_stacked([estimators[i] for i in positions]), len(positions)) for positions in alike.values()
    )
    return families, [position for positions in alike.values() for position in positions]


@dataclasses.dataclass(frozen=True)
class Column:
    """Estimators of one form at some sample sizes, as many at each size.

    Attributes:
        statistic: The statistic through which they see the data; None if they see the data themselves.
        sizes: The sample sizes.
        positions: For each size, the positions of its estimators among all estimators.
    """

    statistic: PrefixStatistic | None
    sizes: tuple[int, ...]
    positions: tuple[tuple[int, ...], ...]

    @property
    def width(self) -> int:
        """Number of estimators at each size."""
        return len(self.positions[0])

    @property
    def flat(self) -> list[int]:
        """The positions of all estimators, size by size."""
        return [position for positions in self.positions for position in positions]


def columns_of(task: Task[Any, Any], estimators: Sequence[Any]) -> Iterator[Column]:
    """Yield the columns of some estimators: each is computed by one piece of a program."""
    alike: dict[tuple[PrefixStatistic | None, Form], dict[int, list[int]]] = {}
    for position, estimator in enumerate(estimators):
        statistic = prefix_statistic_of(estimator, task.source)
        form = Form.of(estimator if statistic is None else estimator.with_sample_size(1))
        by_size = alike.setdefault((statistic, form), {})
        by_size.setdefault(estimator.sample_size, []).append(position)
    for (statistic, _), by_size in alike.items():
        by_width: dict[int, dict[int, tuple[int, ...]]] = defaultdict(dict)
        for size, positions in sorted(by_size.items()):
            by_width[len(positions)][size] = tuple(positions)
        for found in by_width.values():
            yield Column(statistic, tuple(found), tuple(found.values()))


def _path_of(columns: Sequence[Column], estimators: Sequence[Any]) -> Path:
    sizes = columns[0].sizes
    families = []
    for column in columns:
        rows = [
            _stacked([estimators[i].with_sample_size(sizes[-1]) for i in positions])
            for positions in column.positions
        ]
        families.append(Family(_stacked(rows), column.width))
    statistic = columns[0].statistic
    assert statistic is not None
    return Path(statistic, sizes[-1], jnp.asarray(sizes), tuple(families))


def _stacked(trees: Sequence[Any]) -> Any:
    """Stack the arrays of pytrees that differ in the values of their arrays alone."""
    arrays, static = eqx.partition(trees[0], eqx.is_array)
    others = [eqx.filter(tree, eqx.is_array) for tree in trees[1:]]
    return eqx.combine(jax.tree.map(lambda *leaves: jnp.stack(leaves), arrays, *others), static)


@dataclasses.dataclass(frozen=True)
class SharedMetrics:
    """The metrics of the students of all estimators of a `SharedDraw`, one after the other.

    Attributes:
        score: Function of the task and a student to a vector (r,).
    """

    score: Score

    def __call__(self, key: Key[Array, ""], data: WeakData, shared: SharedDraw) -> Float[Array, " results"]:
        """Fit every student and score it.

        Args:
            key: Typed PRNG key of the estimators, independent of the data. All estimators get the same key.
            data: The weak data.
            shared: The task and the estimators.

        Returns:
            The vectors of the estimators, in their order, joined.
        """
        task = shared.sampling.task
        results = []
        for family in shared.families:
            mine = data[: family.sample_size]

            def scored(own: Any, mine: WeakData = mine) -> Float[Array, " r"]:
                return self.score(task, own.fit(task.source, mine, key=key))

            results.append(family.each(scored))
        for path in shared.paths:
            results += self._along(path, key, data, task)
        return jnp.concatenate(results)[np.array(shared.order)].ravel()

    def _along(self, path: Path, key: Key[Array, ""], data: WeakData, task: Any) -> list[Float[Array, "m r"]]:
        """Score the students of each family of a path, size by size."""
        prepared = path.statistic.prepare(task.source, data[: path.largest])

        def at(point: tuple[Int[Array, ""], tuple[Family, ...]]) -> tuple[Float[Array, "M r"], ...]:
            size, families = point
            statistic = path.statistic.first(task.source, prepared, size)

            def scored(own: Any) -> Float[Array, " r"]:
                return self.score(task, own.fit_statistic(task.source, statistic, key=key))

            return tuple(family.each(scored) for family in families)

        found = jax.lax.map(at, (path.sizes, path.families))
        return [values.reshape(-1, values.shape[-1]) for values in found]
