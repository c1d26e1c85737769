"""The neighbourhood of a case: which of its numbers vary, how far, and the case at a point of a box."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.errors import InputError
from w2s_sim.fields import Role, role_of
from w2s_sim.statements import Case
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify.evaluation import leaf_name

# Effect of a coordinate of 1: the factor of a positive number, and the shift of log odds and vector entries.
SCALE_RANGE = 3.0
LOG_ODDS_RANGE = 2.0
VECTOR_RANGE = 0.5
# Indices of the arrays (leaves of the case) that one move changes together.
Leaves = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Move:
    """Some coordinates of the box, and the change of the case that they describe.

    Attributes:
        name: Name of the numbers that change.
        size: Number of coordinates.
        apply: Returns the case after the move by (size,) coordinates in [-1, 1]; 0 changes nothing.
        free: Whether the move shifts every entry of a vector separately; only gradients can search over so
            many coordinates.
    """

    name: str
    size: int
    apply: Callable[[Case[Any], Float[Array, " size"]], Case[Any]]
    free: bool = False


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """The box [-1, 1]^size around a case, whose centre is the case itself.

    Attributes:
        start: The case at the centre.
        moves: The moves, in the order of their coordinates: moves of few numbers first, then the free moves.
    """

    start: Case[Any]
    moves: tuple[Move, ...]

    @classmethod
    def around(cls, case: Case[Any]) -> "SearchSpace":
        """Build the box of all numbers of a case, except its sizes and the certainties in its priors."""
        moves = []
        twins = _twins(case)
        for index, (path, leaf) in enumerate(jax.tree_util.tree_leaves_with_path(case)):
            if eqx.is_inexact_array(leaf) and index not in twins.values():
                together = (index, twins[index]) if index in twins else (index,)
                moves += _moves_of_leaf(together, leaf_name(path), np.asarray(leaf), role_of(case, path))
        if isinstance(case.task, TransferTask):
            moves.append(Move("weak bias", 1, _scale_bias))
            moves.append(Move("weak model's lean", 1, _lean))
        return cls(case, tuple(sorted(moves, key=lambda move: move.free)))

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return sum(move.size for move in self.moves)

    @property
    def num_structured(self) -> int:
        """Number of coordinates of the moves that are not free."""
        return sum(move.size for move in self.moves if not move.free)

    def case_at(self, point: Float[Array, " size"]) -> Case[Any]:
        """Return the case at a point. JAX can trace this function, for gradients."""
        case, offset = self.start, 0
        for move in self.moves:
            case = move.apply(case, point[offset : offset + move.size])
            offset += move.size
        return case


def is_constructible(case: Case[Any]) -> bool:
    """Return whether all parts of a case pass the checks of their constructors, which moves may violate.

    Args:
        case: A case with concrete values.
    """
    try:
        for part in _modules(case):
            for field in dataclasses.fields(part):
                field.metadata.get("converter", _as_it_is)(getattr(part, field.name))
            for kind in type(part).__mro__:
                check = vars(kind).get("__check_init__")
                if check is not None:
                    check(part)
    except InputError:
        return False
    return True


def _as_it_is(value: Any) -> Any:
    return value


def _modules(tree: Any) -> Iterator[eqx.Module]:
    """Yield all modules inside a pytree."""
    parts = jax.tree.leaves(tree, is_leaf=lambda node: node is not tree and isinstance(node, eqx.Module))
    for part in parts:
        if isinstance(part, eqx.Module):
            yield part
            yield from _modules(part)


def _twins(case: Case[Any]) -> dict[int, int]:
    """Return pairs of leaves of the strong and the weak model, if the two models are equal.

    Such leaves move together, so that the models stay equal. Empty for other tasks, such as regression tasks.
    """
    if not isinstance(case.task, FiniteTask):
        return {}
    leaves = jax.tree_util.tree_leaves_with_path(case)
    place = {leaf_name(path): index for index, (path, _) in enumerate(leaves)}
    strong = [name for name in place if name.startswith("task.source.") and not name.endswith(".prior")]
    twins = {place[name]: place[name.replace("source", "supervisor", 1)] for name in strong}
    alike = all(np.array_equal(leaves[i][1], leaves[j][1]) for i, j in twins.items())
    return twins if alike else {}


def _moves_of_leaf(index: Leaves, name: str, value: np.ndarray, role: Role | None) -> list[Move]:
    match role:
        # A zero (no ridge, no noise) has no scale to move on, and a certainty no finite log odds: both stay
        # fixed.
        case Role.SCALE if np.any(value != 0):
            return [Move(name, 1, _scale_leaf(index))]
        case Role.PROBABILITY if np.any(value.max(axis=-1) < 1.0 - 1e-6):
            return [Move(name, value.size, _tilt_leaf(index))]
        case Role.ENTRIES:
            return [Move(name, value.size, _shift_leaf(index), free=True)]
        case _:
            return []


def _with_leaf(case: Case[Any], index: Leaves, change: Callable[[Array], Array]) -> Case[Any]:
    leaves, structure = jax.tree.flatten(case)
    for i in index:
        leaves[i] = change(leaves[i])
    return jax.tree.unflatten(structure, leaves)


def _scale_leaf(index: Leaves) -> Callable[[Case[Any], Array], Case[Any]]:
    return lambda case, z: _with_leaf(case, index, lambda value: value * SCALE_RANGE ** z[0])


def _tilt_leaf(index: Leaves) -> Callable[[Case[Any], Array], Case[Any]]:
    def tilt(value: Array, z: Array) -> Array:
        odds = value * jnp.exp(LOG_ODDS_RANGE * z.reshape(value.shape))
        return odds / odds.sum(axis=-1, keepdims=True)

    return lambda case, z: _with_leaf(case, index, lambda value: tilt(value, z))


def _shift_leaf(index: Leaves) -> Callable[[Case[Any], Array], Case[Any]]:
    return lambda case, z: _with_leaf(
        case, index, lambda value: value + VECTOR_RANGE * z.reshape(value.shape)
    )


def _scale_bias(case: Case[TransferTask], z: Array) -> Case[TransferTask]:
    """Scale the weak model's bias."""
    concepts = case.task.source.vectors
    vectors = concepts + SCALE_RANGE ** z[0] * (case.task.supervisor.vectors - concepts)
    return eqx.tree_at(lambda c: c.task.supervisor.vectors, case, vectors)


def _lean(case: Case[TransferTask], z: Array) -> Case[TransferTask]:
    """Shift the weak model's concepts in the direction of the source predictor."""
    toward = case.task.source_vector - case.task.target_vector
    vectors = case.task.supervisor.vectors + VECTOR_RANGE * z[0] * toward
    return eqx.tree_at(lambda c: c.task.supervisor.vectors, case, vectors)
