"""Odd corners of regression tasks, drawn from one seed: the same tasks serve several theorems."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Rng = np.random.Generator


def table(
    rng: Rng,
    dim: int,
    count: int,
    *,
    noise: float = 0.5,
    weak_noise: float | None = None,
    concepts: Any = None,
    weak: Any = None,
    source: Any = None,
    target: Any = None,
    scale: float = 1.0,
    **more: Any,
) -> dict[str, Any]:
    """A `[task]` table; what is not said is drawn: concepts of length about one, a point mass on the last.

    Args:
        rng: NumPy's generator.
        dim: d.
        count: K.
        noise: sigma.
        weak_noise: sigma'; sigma when left out.
        concepts: beta_k.
        weak: beta'_k; the concepts, each off by about 0.2, when left out.
        source: alpha^P.
        target: alpha^Q.
        scale: Multiplies all label units.
        more: Other keys of the table; those that begin with "weak_" go into `[task.weak]`.
    """
    concepts = rng.standard_normal((count, dim)) if concepts is None else np.asarray(concepts, float)
    weak = concepts + 0.2 * rng.standard_normal(concepts.shape) if weak is None else np.asarray(weak, float)
    weak_noise = noise if weak_noise is None else weak_noise
    source = even(count) if source is None else source
    target = corner(count) if target is None else target
    own = {key[5:]: value for key, value in more.items() if key.startswith("weak_")}
    return {
        "dim": dim,
        "num_concepts": count,
        "noise": scale * noise,
        "source_prior": np.asarray(source, float).tolist(),
        "target_prior": np.asarray(target, float).tolist(),
        "concepts": (scale * concepts).tolist(),
        **{key: value for key, value in more.items() if not key.startswith("weak_")},
        "weak": {
            "kind": "general",
            "noise": scale * weak_noise,
            "concepts": (scale * weak).tolist(),
            **own,
        },
    }


def even(count: int) -> np.ndarray:
    """Equal weights, which sum to one."""
    return np.full(count, 1.0 / count)


def corner(count: int, index: int = -1) -> np.ndarray:
    """All weight on one concept."""
    return np.eye(count)[index]


def rescaled(task: Mapping[str, Any], scale: float) -> dict[str, Any]:
    """The task with all label units multiplied."""
    weak = dict(task["weak"])
    weak["noise"] *= scale
    weak["concepts"] = (scale * np.array(weak["concepts"])).tolist()
    concepts = (scale * np.array(task["concepts"])).tolist()
    return {**task, "noise": scale * task["noise"], "concepts": concepts, "weak": weak}


def point_mass_corners(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tasks with one intended concept: lengths, directions, priors, noises, features and weak models."""
    yield "K=1", table(rng, 2, 1)
    yield "d=1, K=2", table(rng, 1, 2, concepts=[[1.0], [-0.5]], weak=[[1.2], [-0.6]])
    yield "source prior 1e-6 on the target", table(rng, 2, 2, source=[1 - 1e-6, 1e-6])
    yield "source prior 1e-6 on the other", table(rng, 2, 2, source=[1e-6, 1 - 1e-6])
    yield "source prior 0 on a competitor", table(rng, 3, 3, source=[0.0, 0.3, 0.7])
    yield "source prior 0 on the target", table(rng, 3, 3, source=[0.3, 0.7, 0.0])
    yield "source prior a corner, the target's", table(rng, 3, 3, source=[0.0, 0.0, 1.0])
    base = rng.standard_normal((2, 3))
    yield "wrong concept twice", table(rng, 3, 3, concepts=[base[0], base[0], base[1]])
    yield "intended concept twice", table(rng, 3, 3, concepts=[base[0], base[1], base[1]])
    shown = np.array([0.1, 0.0, 0.9])
    mirror = [2 * shown - [0.8, 0.5, 1.0], [0.8, 0.5, 1.0], [0.1, 0.2, 0.9]]
    weak = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], shown]
    yield "mirrored about the weak concept", table(rng, 3, 3, concepts=mirror, weak=weak, weak_noise=0.2)
    yield "collinear", table(rng, 3, 3, concepts=[-base[0], 2 * base[0], 0.5 * base[0]])
    yield "concepts 1e-3 apart", table(rng, 3, 3, concepts=base[0] + 1e-3 * rng.standard_normal((3, 3)))
    yield "one concept 1e3 away", table(rng, 2, 2, concepts=[[1000.0, 0.0], [0.0, 0.0]])
    plain = table(rng, 3, 3)
    yield "all 1e-6 in label units", rescaled(plain, 1e-6)
    yield "all 1e6 in label units", rescaled(plain, 1e6)
    yield "weak noise a hundredth", table(rng, 3, 3, weak_noise=0.005)
    yield "weak noise fifty times", table(rng, 3, 3, weak_noise=25.0)
    quiet = table(rng, 3, 3, noise=0.02, weak_noise=0.5)
    quiet["weak"]["concepts"] = quiet["concepts"]
    yield "strong noise .02, weak .5, no bias", quiet
    yield "no weak noise, biased", table(rng, 3, 3, weak_noise=0.0)
    middle = [[1.0, 0.0], [0.0, 0.0]]
    border, beyond = [[0.0, 0.0], [0.5, 0.3]], [[0.0, 0.0], [0.9, 0.3]]
    yield "weak concept on the border", table(rng, 2, 2, concepts=middle, weak=border)
    yield "weak concept beyond the border", table(rng, 2, 2, concepts=middle, weak=beyond)
    far = np.array(quiet["concepts"]) + np.array([0.0, 0.0, 30.0])
    yield "bias of 30", table(rng, 3, 3, concepts=quiet["concepts"], weak=far)
    yield "K=20", table(rng, 6, 20)
    yield "rademacher", table(rng, 3, 3, features="rademacher")
    yield "uniform", table(rng, 2, 2, features="uniform")
    yield "cube", table(rng, 2, 2, features="cube")
    stretched = np.diag([30.0, 1.0, 0.05])
    yield "anisotropic", table(rng, 3, 3, factor=stretched.tolist())
    flat = np.outer([1.0, 2.0, 0.0], [1.0, 0.0, 1.0]) + np.diag([0.0, 0.0, 1.0])
    yield "features of rank 2", table(rng, 3, 3, factor=flat.tolist())
    yield "laplace noise", table(rng, 1, 2, noise_law="laplace")
    yield "student t noise", table(rng, 1, 2, noise_law="student-t", degrees_of_freedom=2.5)
    yield "laplace weak noise", table(rng, 2, 2, weak_noise_law="laplace", weak_noise=1.0)


def mixed_corners(rng: Rng) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tasks with a mixed target."""
    yield "even target", table(rng, 3, 3, target=even(3))
    yield "target equal to the source", table(rng, 3, 3, source=[0.2, 0.3, 0.5], target=[0.2, 0.3, 0.5])
    yield "target 1e-6 off a corner", table(rng, 2, 2, target=[1e-6, 1 - 1e-6])
    yield "target on two of three", table(rng, 3, 3, target=[0.4, 0.0, 0.6], source=[0.1, 0.6, 0.3])
    yield "source 0 where the target is not", table(rng, 3, 3, target=[0.4, 0.3, 0.3], source=[0.0, 0.5, 0.5])
    base = rng.standard_normal((3, 3))
    twice = [base[0], base[1], base[1]]
    yield "two concepts alike, mixed", table(rng, 3, 3, concepts=twice, target=[0.3, 0.3, 0.4])
    yield "tiny units, mixed", table(rng, 3, 3, target=[0.5, 0.2, 0.3], scale=1e-6)
    yield "rademacher, mixed", table(rng, 3, 3, features="rademacher", target=[0.5, 0.2, 0.3])
    yield "loud weak noise, mixed", table(rng, 2, 2, weak_noise=20.0, target=[0.3, 0.7])
    yield "d=1, mixed", table(rng, 1, 2, concepts=[[1.0], [-1.0]], target=[0.3, 0.7])
    nearest = [[0.0, 0.0, 0.0], [1.0, 0.2, 0.0], [0.5, 0.1, 0.2]]
    yield "nearest has no weight", table(rng, 3, 3, concepts=nearest, weak=nearest, target=[0.5, 0.5, 0.0])
