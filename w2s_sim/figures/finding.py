"""Finding the scripts of figures: those of the project by name, others by their file."""

from pathlib import Path

from w2s_sim.errors import InputError, did_you_mean
from w2s_sim.figures.contract import PaperFigure
from w2s_sim.plugins.executed_files import executed

# A checkout has the scripts in `figures/`; an installed package has them beside the book, which shows them.
_PLACES = (Path(__file__).parents[2] / "figures", Path(__file__).parents[1] / "book" / "figures")
CONSTANT = "FIGURE"


def scripts_folder() -> Path:
    """Return the folder with the scripts of the project's figures."""
    return next((place for place in _PLACES if (place / "headline.py").is_file()), _PLACES[0])


def figure_names() -> list[str]:
    """Return the names of the project's figures in alphabetical order."""
    scripts = scripts_folder().glob("*.py")
    return sorted(path.stem for path in scripts if f"\n{CONSTANT} = " in path.read_text(encoding="utf-8"))


def find_script(name: str) -> Path:
    """Return the script of a figure.

    Args:
        name: Name of a figure of the project, or the path of a script of your own that ends in .py.

    Raises:
        InputError: If there is no such script.
    """
    if name.endswith(".py"):
        if Path(name).is_file():
            return Path(name).resolve()
        raise InputError("figure", name, "the path of a script that exists")
    known = figure_names()
    if name in known:
        return scripts_folder() / f"{name}.py"
    given = repr(name) + did_you_mean(name, known)
    raise InputError("figure", given, f"FILE.py, or one of {', '.join(known)}")


def load_figure(name: str) -> PaperFigure:
    """Run a script, and return the figure that it describes.

    Args:
        name: Name of a figure of the project, or the path of a script of your own that ends in .py.

    Raises:
        InputError: If there is no such script, or it fails or describes no figure.
    """
    script = find_script(name)
    try:
        module = executed(f"w2s_figure_{script.stem}", script)
    except Exception as error:
        raise InputError(
            "figure", f"{script} ({type(error).__name__}: {error})", "a script that runs"
        ) from error
    figure = getattr(module, CONSTANT, None)
    if not isinstance(figure, PaperFigure):
        raise InputError("figure", f"{script}, without one", f"a script with {CONSTANT} = PaperFigure(...)")
    return figure
