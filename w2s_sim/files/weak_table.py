"""The `[task.weak]` table of a TOML file: required and optional keys of each kind of weak model."""

from collections.abc import Mapping, Sequence
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.plugins.kinds import WeakKeys
from w2s_sim.statements.contract.parameters import Parameter, read_parameters, unknown_key


def weak_table(table: Mapping[str, Any], kinds: WeakKeys) -> Mapping[str, Any]:
    """Return the `weak` table inside a `[task]` table.

    Raises:
        InputError: If it is missing, or not a table.
    """
    if "weak" not in table:
        named = [f"'{kind}'" for kind in kinds]
        expected = "a table [task.weak]"
        if named:
            expected += f" with kind = {' or '.join([*filter(None, [', '.join(named[:-1])]), named[-1]])}"
        raise InputError("weak", "nothing", expected)
    if not isinstance(table["weak"], dict):
        raise InputError("weak", repr(table["weak"]), "a table [task.weak]")
    return table["weak"]


def read_weak(table: Mapping[str, Any], parameters: Sequence[Parameter], kinds: WeakKeys) -> dict[str, Any]:
    """Check a `[task.weak]` table, and return its values.

    Raises:
        InputError: Naming the key ("weak.bias"), if a value does not fit, or a key is missing or superfluous.
    """
    try:
        weak = read_parameters(parameters, table)
    except InputError as error:
        raise error.located("", "weak.") from None
    if not kinds:
        return weak
    kind = weak["kind"]
    required, optional = kinds[kind]
    ruled = {key for keys in kinds.values() for key in (*keys[0], *keys[1])}
    for key in (parameter.name for parameter in parameters if parameter.name in ruled):
        if key in required and weak[key] is None:
            raise InputError(f"weak.{key}", "nothing", f"a value, for weak.kind = {kind!r}")
        if weak[key] is not None and key not in required + optional:
            free = [parameter.name for parameter in parameters if parameter.name not in ruled]
            expected = unknown_key(key, [*free, *required, *optional]).expected
            raise InputError(f"weak.{key}", f"a key that weak.kind = {kind!r} does not have", expected)
    return weak
