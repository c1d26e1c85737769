"""Dotted keys of cells, and how files name them: in full, or by their last part."""

import difflib
from collections.abc import Sequence

from w2s_sim.errors import InputError, shown
from w2s_sim.files.estimator_table import ALIASES


def resolve_key(field: str, name: str, keys: Sequence[str]) -> str:
    """The key that a name means: itself, or the only one that ends with it ("num_weak").

    Raises:
        InputError: About `field`, if no key or several are meant.
    """
    if name in keys:
        return name
    head, dot, last = name.rpartition(".")
    full = head + dot + ALIASES.get(last, last)
    meant = [key for key in keys if key == full or key.endswith(f".{full}")]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise InputError(field, f"{shown(name)}, which several keys end with", "one of " + ", ".join(meant))
    nearest = difflib.get_close_matches(name, [*keys, *(key.rpartition(".")[2] for key in keys)], n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    raise InputError(field, f"{shown(name)}, a key that no cell has{hint}", "one of " + ", ".join(keys))
