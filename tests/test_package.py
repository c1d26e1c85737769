"""The package as a whole: imports without side effects, public names, versions in step."""

import dataclasses
import importlib.metadata
import subprocess
import sys

import equinox as eqx
import pytest

import w2s_sim as w2s


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_import_of_the_package_does_not_import_jax() -> None:
    assert run_python("import sys, w2s_sim; print('jax' in sys.modules)") == "False"


def test_command_line_parses_without_jax() -> None:
    assert run_python("import sys, w2s_sim.cli; print('jax' in sys.modules)") == "False"


def test_a_list_of_theorems_loads_no_theorem() -> None:
    heavy = ("jax", "numpy", "pandas", "pyarrow", "matplotlib", "numpyro", "optax", "cma")
    program = "import sys; from w2s_sim.cli.main import main\ntry: main(['list'])\nexcept SystemExit: pass\n"
    loaded = run_python(program + f"print([name for name in {heavy} if name in sys.modules])")
    assert loaded.splitlines()[-1] == "[]"


def test_no_import_changes_the_jax_configuration_or_makes_an_array() -> None:
    code = """
import pkgutil, importlib, jax
before = {name: getattr(jax.config, name) for name in ("jax_enable_x64", "jax_platforms")}
import w2s_sim
for module in pkgutil.walk_packages(w2s_sim.__path__, "w2s_sim."):
    importlib.import_module(module.name)
after = {name: getattr(jax.config, name) for name in before}
print(before == after, len(jax.live_arrays()))
"""
    assert run_python(code) == "True 0"


def own_documentation(value: object, name: str) -> str:
    """The docstring that somebody wrote; empty for the signature that dataclasses put in its place."""
    written = vars(value).get("__doc__") if isinstance(value, type) else getattr(value, "__doc__", None)
    text = (written or "").strip()
    return "" if text.startswith(f"{name}(") else text


@pytest.mark.parametrize("name", [name for name in w2s.__all__ if name != "__version__"])
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    assert own_documentation(getattr(w2s, name), name)


def test_a_class_without_a_docstring_is_noticed() -> None:
    class Undocumented(eqx.Module):
        number: float

    @dataclasses.dataclass
    class Plain:
        number: float

    class Inherits(w2s.Ridge):
        pass

    assert own_documentation(Undocumented, "Undocumented") == ""
    assert own_documentation(Plain, "Plain") == ""
    assert own_documentation(Inherits, "Inherits") == ""
    assert own_documentation(w2s.Ridge, "Ridge")


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = w2s.nonsense  # pyright: ignore[reportAttributeAccessIssue]


def test_version_is_that_of_the_distribution() -> None:
    assert w2s.__version__ == importlib.metadata.version("w2s-sim")


def test_importing_the_commands_does_not_start_jax() -> None:
    """Processes of a study meet after the imports, and before JAX starts."""
    asks = "import w2s_sim.cli.run; from jax._src import xla_bridge as b; print(b.backends_are_initialized())"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
