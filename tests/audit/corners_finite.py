"""Odd corners of tables and hidden Markov concepts, with probabilities that float32 holds exactly."""

from collections.abc import Iterator
from typing import Any

import numpy as np

Rng = np.random.Generator
RARE = 2.0**-20


def dyadic(rng: Rng, *shape: int, bits: int = 12) -> np.ndarray:
    """Rows of probabilities that sum to one exactly, every entry a multiple of 2^-bits."""
    weights = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    rows = np.floor(weights * 2**bits)
    rows[..., 0] += 2**bits - rows.sum(axis=-1)
    return rows / 2**bits


def tables(
    rng: Rng,
    strong: Any,
    weak: Any = "smoothed",
    *,
    share: float = 0.25,
    source: Any = None,
    target: Any = None,
    contexts: Any = None,
) -> dict[str, Any]:
    """A `[task]` table of categorical concepts; the weak model is made of the strong, or has tables."""
    strong = np.asarray(strong, float)
    count = len(strong)
    made = (
        {"kind": weak, "share": share}
        if isinstance(weak, str)
        else {"kind": "general", "tables": listed(weak)}
    )
    return {
        "kind": "categorical",
        "source_prior": listed(dyadic(rng, count) if source is None else source),
        "target_prior": listed(np.eye(count)[-1] if target is None else target),
        "tables": listed(strong),
        **({} if contexts is None else {"contexts": listed(contexts)}),
        "weak": made,
    }


def listed(values: Any) -> Any:
    """Nested lists of floats."""
    return np.asarray(values, float).tolist()


def table_corners(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Zeros, near-certain rows, lattices, equal rows, one context, two symbols, priors in corners."""
    some = dyadic(rng, 3, 2, 4)
    yield "K=1", tables(rng, some[:1])
    yield "K=2, X=1, V=2", tables(rng, [[[0.75, 0.25]], [[0.25, 0.75]]], source=[0.5, 0.5])
    yield "V=2, X=3", tables(rng, dyadic(rng, 3, 3, 2))
    yield (
        "near-certain rows",
        tables(rng, [[[1 - RARE, RARE]], [[RARE, 1 - RARE]]], share=0.0, source=[0.5, 0.5]),
    )
    yield (
        "lattice of .999",
        tables(rng, [[[0.999, 0.001]], [[0.001, 0.999]]], share=0.0, source=[0.5, 0.5], target=[1.0, 0.0]),
    )
    yield "lattice 3:1", tables(rng, [[[0.75, 0.25]], [[0.5, 0.5]]], share=0.125, source=[0.25, 0.75])
    zeros = np.array([[[0.5, 0.5, 0.0, 0.0]], [[0.0, 0.25, 0.75, 0.0]], [[0.25, 0.25, 0.25, 0.25]]])
    yield "zeros in wrong concepts", tables(rng, zeros, share=0.0)
    yield (
        "zeros in the intended concept, weak never there",
        tables(rng, zeros[[2, 1, 0]], "shifted", share=0.0),
    )
    yield "zeros in the intended concept, weak there", tables(rng, zeros[[2, 1, 0]], share=0.25)
    yield "wrong concept twice", tables(rng, some[[0, 0, 1]])
    yield "intended concept twice", tables(rng, some[[0, 1, 1]])
    yield "equal rows", tables(rng, np.repeat(some[:, :1], 2, axis=1))
    yield "source prior 0 on a competitor", tables(rng, some, source=[0.0, 0.25, 0.75])
    yield "source prior 2^-20 on the target", tables(rng, some, source=[0.5 - RARE, 0.5, RARE])
    yield "source prior 0 on the target", tables(rng, some, source=[0.5, 0.5, 0.0])
    yield "share 1: weak labels say nothing", tables(rng, some, share=1.0)
    yield "shifted all the way", tables(rng, some, "shifted", share=1.0)
    yield "weak tables of their own", tables(rng, some, 0.75 * some + 0.25 * dyadic(rng, 3, 2, 4))
    yield "weak tables of one concept", tables(rng, some, np.repeat(some[2:], 3, axis=0))
    yield "a context of weight 0", tables(rng, some, contexts=[0.0, 1.0])
    yield "a context of weight 2^-20", tables(rng, some, contexts=[RARE, 1 - RARE])
    yield "K=12, V=8", tables(rng, dyadic(rng, 12, 2, 8), share=0.125)
    near = np.clip(some[:1] + RARE * np.array([1.0, -1.0, 0.0, 0.0]), 0.0, 1.0)
    yield "concepts 2^-20 apart", tables(rng, np.concatenate([some[:1], near]))
    yield "concepts 2^-8 apart", tables(rng, [[[0.5, 0.5]], [[0.5 + 2**-8, 0.5 - 2**-8]]], share=0.0)


def mixed_table_corners(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Mixed targets."""
    some = dyadic(rng, 3, 2, 4)
    yield "even target", tables(rng, dyadic(rng, 4, 2, 4), target=[0.25] * 4)
    yield "target equal to the source", tables(rng, some, source=[0.25, 0.25, 0.5], target=[0.25, 0.25, 0.5])
    yield "target 2^-20 off a corner", tables(rng, some[:2], target=[RARE, 1 - RARE])
    yield "two concepts alike, mixed", tables(rng, some[[0, 1, 1]], target=[0.5, 0.25, 0.25])
    yield (
        "source 0 where the target is not",
        tables(rng, some, source=[0.0, 0.5, 0.5], target=[0.5, 0.25, 0.25]),
    )


def chains(
    rng: Rng,
    count: int,
    states: int,
    symbols: int,
    length: int,
    *,
    weak: dict[str, Any] | None = None,
    source: Any = None,
    target: Any = None,
    **models: Any,
) -> dict[str, Any]:
    """A `[task]` table of hidden Markov concepts; what is not said is drawn."""
    made = {
        "initial": dyadic(rng, count, states),
        "transition": dyadic(rng, count, states, states),
        "emission": dyadic(rng, count, states, symbols),
    } | models
    return {
        "kind": "hmm",
        "source_prior": listed(dyadic(rng, count) if source is None else source),
        "target_prior": listed(np.eye(count)[-1] if target is None else target),
        **{key: listed(value) for key, value in made.items()},
        "length": length,
        "weak": {"kind": "smoothed", "share": 0.125} if weak is None else weak,
    }


def chain_corners(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Absorbing states, one state, zeros, one symbol a sequence, tiny emissions, chains that never mix."""
    yield "one state", chains(rng, 2, 1, 2, 3)
    yield "K=1", chains(rng, 1, 2, 2, 3)
    yield "length 1", chains(rng, 3, 2, 3, 1)
    yield "length 8, V=2", chains(rng, 3, 2, 2, 8)
    absorbing = [[[1.0, 0.0], [0.0, 1.0]]] * 2
    yield "two absorbing states", chains(rng, 2, 2, 2, 4, transition=absorbing, initial=[[0.5, 0.5]] * 2)
    heads = [[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.25, 0.75]]]
    yield (
        "absorbing states and zeros, no smoothing",
        chains(rng, 2, 2, 2, 4, transition=absorbing, initial=[[0.5, 0.5]] * 2, emission=heads, weak=plain()),
    )
    sparse = [[[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]] * 3
    yield "left to right", chains(rng, 3, 3, 2, 5, transition=sparse, initial=[[1.0, 0.0, 0.0]] * 3)
    sure = [[[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]]
    yield "states that show themselves", chains(rng, 2, 2, 2, 4, emission=sure)
    yield "intended concept excludes what is shown", chains(rng, 2, 2, 2, 3, emission=[sure[1], heads[0]])
    rare = [[[1 - RARE, RARE], [RARE, 1 - RARE]], [[0.5, 0.5], [0.75, 0.25]]]
    yield "emissions of 2^-20", chains(rng, 2, 2, 2, 4, emission=rare, weak=plain())
    model = {
        "initial": dyadic(rng, 2, 2),
        "transition": dyadic(rng, 2, 2, 2),
        "emission": dyadic(rng, 2, 2, 2),
    }
    swapped = {key: value[:1].repeat(2, axis=0) for key, value in model.items()}
    twice = chains(rng, 2, 2, 2, 3)
    yield "one concept twice", twice | {key: listed(value) for key, value in swapped.items()}
    yield "source prior 0 on a competitor", chains(rng, 3, 2, 2, 3, source=[0.0, 0.5, 0.5])
    yield "source prior 2^-20 on the target", chains(rng, 2, 2, 3, 3, source=[1 - RARE, RARE])
    yield "source prior 0 on the target", chains(rng, 2, 2, 3, 3, source=[1.0, 0.0])
    yield "weak symbols shifted all the way", chains(rng, 2, 2, 3, 3, weak={"kind": "shifted", "share": 1.0})
    yield "weak symbols say nothing", chains(rng, 2, 2, 2, 3, weak={"kind": "smoothed", "share": 1.0})
    own = {key: listed(dyadic(rng, *np.shape(value))) for key, value in model.items()}
    yield "weak chains of their own", chains(rng, 2, 2, 2, 3, weak={"kind": "general", **own})
    yield "mixed target", chains(rng, 3, 2, 2, 4, target=[0.25, 0.25, 0.5])
    yield "target equal to the source", chains(rng, 2, 2, 2, 4, source=[0.25, 0.75], target=[0.25, 0.75])
    yield "K=8, three states", chains(rng, 8, 3, 3, 4)
    cycle = [[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]] * 2
    yield "cycles without chance", chains(rng, 2, 3, 2, 5, transition=cycle)


def plain() -> dict[str, Any]:
    """A weak model that is the strong one."""
    return {"kind": "smoothed", "share": 0.0}
