"""Evaluation of assumptions in double precision, so that rounding does not decide them."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from w2s_sim.statements.contract.case import Case


def in_double(holds: Callable[[Case[Any]], bool]) -> Callable[[Case[Any]], bool]:
    """Return the predicate evaluated in float64, with the target prior normalised in that precision."""

    def asked(case: Case[Any]) -> bool:
        with jax.enable_x64(True):
            case = jax.tree.map(_widened, case)
            # NumPy needs no program for each number of concepts.
            prior = np.asarray(case.task.target_prior)
            normalised = jnp.asarray(prior / prior.sum())
            return holds(eqx.tree_at(lambda c: c.task.target_prior, case, normalised))

    return asked


def _widened(leaf: Any) -> Any:
    return jnp.asarray(np.asarray(leaf, dtype=np.float64)) if eqx.is_inexact_array(leaf) else leaf
