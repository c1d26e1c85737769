"""The keys of a `[task]` table that describe the law of the features."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from w2s_sim.errors import InputError
from w2s_sim.laws.feature_maps import MappedFeatures, PolynomialMap, RandomFourierMap, random_fourier_map
from w2s_sim.laws.features import FEATURE_LAWS, Anisotropic, FeatureLaw
from w2s_sim.plugins import registry
from w2s_sim.randomness import LARGEST_SEED_OF_A_FILE, key_of
from w2s_sim.statements.contract.parameters import Parameter

FEATURE_PARAMETERS = (
    Parameter(
        "features",
        str,
        "law of x, or of z under a feature map",
        choices=tuple(FEATURE_LAWS),
        choices_of="feature_laws",
        default="gaussian",
    ),
    Parameter("factor", list, "d rows of a matrix A: x is A times a draw of that law", depth=2),
    Parameter("feature_map", str, "x = phi(z): a map of z", choices=("polynomial", "fourier")),
    Parameter("input_dim", int, "coordinates of z, for a feature map", low=1),
    Parameter("degree", int, "highest degree, for feature_map = 'polynomial'", low=1),
    Parameter("length_scale", float, "length scale of z, for feature_map = 'fourier'", low=0),
    Parameter(
        "map_seed",
        int,
        "seed of the random map, for feature_map = 'fourier'",
        low=0,
        high=LARGEST_SEED_OF_A_FILE,
    ),
    Parameter("frequencies", list, "d rows of input_dim numbers, in place of random ones", depth=2),
    Parameter("phases", list, "d numbers, in place of random ones"),
)
# For each feature map: the keys that it requires, and the optional keys.
MAP_KEYS = {
    None: ((), ("factor",)),
    "polynomial": (("input_dim", "degree"), ()),
    "fourier": (("input_dim",), ("length_scale", "map_seed", "frequencies", "phases")),
}


def read_features(values: dict[str, Any], dim: int) -> FeatureLaw:
    """Build the law from the checked values of a table, and remove its keys from the values.

    Raises:
        InputError: Naming the key, if a key is missing, belongs to other features, or has an unfit value.
    """
    own = {parameter.name: values.pop(parameter.name) for parameter in FEATURE_PARAMETERS}
    kind = own["feature_map"]
    required, optional = MAP_KEYS[kind]
    said = f"feature_map = '{kind}'" if kind else "no feature_map"
    for key in ("factor", "input_dim", "degree", "length_scale", "map_seed", "frequencies", "phases"):
        if key in required and own[key] is None:
            raise InputError(key, "nothing", f"a value, for {said}")
        if own[key] is not None and key not in required + optional:
            raise InputError(key, own[key], f"no such key with {said}")
    law = registry().feature_laws[own["features"]]
    if kind is None:
        base = law(dim)
        return base if own["factor"] is None else Anisotropic(base, np.array(_square(own["factor"], dim)))
    base = law(own["input_dim"])
    mapped = MappedFeatures(base, _polynomial(own) if kind == "polynomial" else _fourier(own, dim))
    if mapped.dim != dim:
        raise InputError("dim", dim, f"{mapped.dim}, the number of features of this map")
    return mapped


def _polynomial(own: Mapping[str, Any]) -> PolynomialMap:
    return PolynomialMap(own["input_dim"], own["degree"])


def _fourier(own: Mapping[str, Any], dim: int) -> RandomFourierMap:
    if (own["frequencies"] is None) != (own["phases"] is None):
        missing = "phases" if own["phases"] is None else "frequencies"
        raise InputError(missing, "nothing", "both frequencies and phases, or neither")
    if own["frequencies"] is not None:
        if np.shape(own["frequencies"]) != (dim, own["input_dim"]):
            given = f"shape {np.shape(own['frequencies'])}"
            raise InputError("frequencies", given, f"shape {(dim, own['input_dim'])} (dim x input_dim)")
        return RandomFourierMap(own["frequencies"], own["phases"])
    scale = 1.0 if own["length_scale"] is None else own["length_scale"]
    key = key_of(own["map_seed"] or 0, "map_seed")
    return random_fourier_map(own["input_dim"], dim, length_scale=scale, key=key)


def _square(rows: list[list[float]], dim: int) -> list[list[float]]:
    if (len(rows), len(rows[0])) != (dim, dim):
        raise InputError("factor", f"shape {(len(rows), len(rows[0]))}", f"shape {(dim, dim)} (dim x dim)")
    return rows


def feature_keys(law: FeatureLaw) -> dict[str, Any]:
    """Return the keys from which `read_features` builds the same law.

    Raises:
        InputError: If files cannot describe the law, such as one with a user's own feature map.
    """
    keys = {}
    if isinstance(law, MappedFeatures):
        keys = _map_keys(law)
        law = law.base
    elif isinstance(law, Anisotropic):
        keys["factor"] = law.factor
        law = law.base
    laws = registry().feature_laws
    names = [name for name, make in laws.items() if type(law) is make]
    if not names:
        raise InputError("features", type(law).__name__, "one of " + ", ".join(laws))
    return {"features": names[0], **keys}


def _map_keys(law: MappedFeatures) -> dict[str, Any]:
    kind, phi = {"input_dim": law.base.dim}, law.feature_map
    if isinstance(phi, PolynomialMap):
        return {"feature_map": "polynomial", **kind, "degree": phi.degree}
    if isinstance(phi, RandomFourierMap):
        return {"feature_map": "fourier", **kind, "frequencies": phi.frequencies, "phases": phi.phases}
    raise InputError("feature_map", type(phi).__name__, "a map that case files can describe")
