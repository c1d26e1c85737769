"""Dotted keys of cells, which files may write in full or by the last part alone."""

from collections.abc import Sequence

from w2s_sim.errors import InputError, did_you_mean, shown
from w2s_sim.files.estimator_table import ALIASES


def resolve_key(field: str, name: str, keys: Sequence[str]) -> str:
    """Return the key that a name refers to: the name itself, or the only key that ends with it ("num_weak").

    Raises:
        InputError: About `field`, if the name fits no key or several.
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
    hint = did_you_mean(name, [*keys, *(key.rpartition(".")[2] for key in keys)])
    raise InputError(field, f"{shown(name)}, a key that no cell has{hint}", "one of " + ", ".join(keys))
