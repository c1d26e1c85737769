"""The book that Sphinx builds: complete, linked, and readable without the network."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

import w2s_sim as w2s
from tests import html_files
from tests.pages import PAGES, ROOT, THEORY
from w2s_sim.book.contents import read_contents
from w2s_sim.book.public_names import public_names, rooms_with_public_names

BUILT = THEORY / "_build" / "html"


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set()
    for page in PAGES:
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        ):
            entries = [line for line in block.splitlines() if line and not line.startswith(":")]
            names = [re.sub(r".*<(.*)>", r"\1", entry) for entry in entries]
            # Names may be patterns.
            listed |= {path.resolve() for name in names for path in page.parent.glob(f"{name}.md")}
    assert listed >= set(PAGES) - {THEORY / "index.md"}
    assert {ROOT / theorem["page"] for theorem in read_contents()["theorems"]} <= listed


def test_no_public_name_is_missing_in_the_reference() -> None:
    pages = [page.read_text("utf-8") for page in (THEORY / "api").glob("*.md")]
    documented = {
        room for page in pages for room in re.findall(r"^```\{public-names\} (\w+)", page, re.MULTILINE)
    }
    # The command line is documented by its help.
    assert documented == set(rooms_with_public_names()) - {"cli"}
    paths = {path for room in documented for path in public_names(room).values()}
    assert {f"w2s_sim.{name}" for name in w2s.__all__} <= paths
    assert "w2s_sim.bayes.Beliefs" in paths


@pytest.mark.parametrize(
    ("page", "model"),
    [
        ("regression", w2s.RegressionModel),
        ("categorical", w2s.CategoricalModel),
        ("hidden-markov", w2s.HiddenMarkovModel),
        ("style-and-content", w2s.StyleContentModel),
    ],
)
def test_a_concept_page_names_the_theorems_that_use_it(page: str, model: type) -> None:
    text = (THEORY / "concepts" / f"{page}.md").read_text("utf-8").partition("## Theorems that use it")[2]
    for statement in w2s.all_statements().values():
        if any(type(case.task.source) is model for case in statement.cases("quick")):
            assert f"(../{statement.id}.md)" in text, statement.id


def test_the_bibliography_holds_what_the_pages_name() -> None:
    entries = (THEORY / "references.bib").read_text("utf-8")
    pages = "\n".join(page.read_text("utf-8") for page in PAGES)
    identifiers = set(re.findall(r"arxiv\.org/abs/([^\s)]+)\)", pages))
    assert identifiers == set(re.findall(r"eprint = \{(.*)\}", entries))
    for author in re.findall(r"author = \{(.*?),", entries):
        # Two preprints stand on the pages by their number alone.
        assert author in pages or author == "Waudby-Smith", author


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Builds a book of one page with the settings of the whole book."""

    def built(page: str) -> subprocess.CompletedProcess[str]:
        source = tmp_path_factory.mktemp("source")
        shutil.copy(THEORY / "references.bib", source)
        (source / "figures").mkdir()
        shutil.copy(ROOT / "figures" / "gallery" / "headline.png", source / "figures")
        (source / "figures" / "headline.txt").write_text("The caption.\n", encoding="utf-8")
        (source / "index.md").write_text(page, encoding="utf-8")
        settings = ["-c", str(THEORY), "-D", f"kept_cells={source / 'kept'}", "-d", str(source / "doctrees")]
        command = [sys.executable, "-m", "sphinx", "-W", "-q", *settings, str(source), str(source / "html")]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)

    return built


PAGE = """# A page

A formula $a<b$, and one on its own line: $$\\sum_k\\alpha_k=1.$$

| symbol | meaning |
|---|---|
| $x$ | features |

```python
print("seen", 1)
value = 6
value * 7
```

```{public-names} errors
```

```{gallery} figures
```

```{bibliography}
:all:
```
"""


def test_a_page_is_built_with_formulas_outputs_names_and_figures(
    build: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    done = build(PAGE)
    assert done.returncode == 0, done.stderr
    text = Path(done.args[-1], "index.html").read_text("utf-8")
    assert text.count("<math") == 3
    assert "$" not in html_files.prose(text)
    assert "seen 1\n42\n" in re.sub(r"<[^>]*>", "", text)
    assert 'id="w2s_sim.InputError"' in text
    assert text.count("<img") == 1
    assert "The caption." in text
    assert not [address for address in html_files.Html(text).loaded if html_files.is_outside(address)]


def test_a_failing_cell_fails_the_build(build: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    done = build("# A page\n\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    assert done.returncode != 0
    assert "index.md: cell 2 (line 8) failed: AssertionError" in done.stderr


@pytest.mark.skipif(not BUILT.is_dir(), reason="the book is not built: make book")
def test_the_built_book_needs_no_network_and_every_link_leads_somewhere() -> None:
    files = {path: html_files.read_html(path) for path in BUILT.rglob("*.html")}
    for path, page in files.items():
        assert not [address for address in page.loaded if html_files.is_outside(address)], path
        assert "$" not in html_files.prose(path.read_text("utf-8")), path
        for address in page.addresses:
            if html_files.is_outside(address):
                continue
            file, _, anchor = unquote(address).partition("#")
            target = (path.parent / file.partition("?")[0]).resolve() if file else path
            assert target.is_file(), f"{path}: {address}"
            if anchor and target.suffix == ".html":
                assert anchor in files[target].anchors, f"{path}: {address}"
    for sheet in BUILT.rglob("*.css"):
        loaded = re.findall(r"url\(\s*['\"]?([^'\")]+)", sheet.read_text("utf-8"))
        assert not [address for address in loaded if re.match(r"https?:|//", address)], sheet
