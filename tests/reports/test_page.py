"""The page: what a reader sees first, and on a narrow screen."""

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.reports.test_folder import MANIFEST, STATEMENT
from tests.verdicts import verdict
from w2s_sim.reports import write_report
from w2s_sim.statements import Statement, all_statements
from w2s_sim.verify import Verdict

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Ids, links, and the tables with the headings and boxes that they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.meta: dict[str, str] = {}
        self.tables: list[list[list[str]]] = []
        self.scrolling: list[bool] = []
        self._open: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        inside_svg = any(name == "svg" for name, _ in self._open)
        if "id" in given and not inside_svg:
            self.ids.append(given["id"])
        if tag == "a" and not inside_svg:
            self.links.append(given["href"])
        if tag == "meta" and "name" in given:
            self.meta[given["name"]] = given["content"]
        if tag == "table":
            self.tables.append([])
            self.scrolling.append(self._open[-1] == ("div", "wide"))
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self._open.append((tag, given.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any(name in ("td", "th") for name, _ in self._open):
            self.tables[-1][-1][-1] += data


def rows_of(theorem: str, outcome: str = "consistent") -> list[Verdict]:
    """Three cases, three cases of two lemmas, two controls, a killable mutant and one that survives."""
    own = [verdict(f"case {n}", outcome) for n in (1, 2, 3)]
    lemmas = [verdict(name, "certified") for name in ("first: a", "first: b", "second: a")]
    controls = [verdict(name, "refuted") for name in ("control 1", "control 2")]
    mutants = [verdict("bound x 2 @ case 1", "refuted"), verdict("bound x 0.5 @ case 1")]
    expected = {"control": ("refuted", "refuted"), "mutant": ("refuted", "")}
    found = []
    for role, group in (("theorem", own), ("lemma", lemmas), ("control", controls), ("mutant", mutants)):
        for row, wanted in zip(group, expected.get(role, ("",) * 3), strict=True):
            changes = {"theorem": theorem, "role": role, "expected": wanted}
            found.append(dataclasses.replace(row, **changes))
    return found


def statement(name: str, **changes: object) -> Statement:
    return dataclasses.replace(STATEMENT, id=name, **{"title": f"About {name}", **changes})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("out")
    statements = [
        statement("good"),
        statement("bad"),
        statement("equal", kind="equality", margin=lambda _: 1.0),
    ]
    verdicts = [*rows_of("good"), *rows_of("bad", "refuted"), *rows_of("equal")]
    return Page(write_report(folder, verdicts, statements, MANIFEST).read_text("utf-8"))


def test_table_of_contents_leads_to_every_theorem_and_back(page: Page) -> None:
    targets = [link.removeprefix("#") for link in page.links]
    assert all(link.startswith("#") for link in page.links)
    assert {"good", "bad", "equal", "manifest", "contents"} == set(targets)
    assert set(targets) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_contents_say_the_verdict_first_and_count_lemmas_apart(page: Page) -> None:
    header, good, bad, *_ = page.tables[0]
    assert header == ["verdict", "theorem", "cases", "lemmas", "controls refuted", "mutants killed"]
    assert good == ["consistent", "About good", "3", "2", "2 of 2", "1 of 1"]
    assert bad[0] == "refuted3 unexpected"


def test_lemmas_are_counted_apart_from_the_theorem(tmp_path: Path) -> None:
    text = write_report(tmp_path, rows_of("good"), [statement("good")], MANIFEST).read_text("utf-8")
    assert "<strong>Theorem</strong>: 3 cases, 3 consistent." in text
    assert "<strong>Lemmas</strong>: 2, in 3 cases of their own, 3 certified." in text
    assert "2 of 2 refuted, as they must be" in text
    assert "1 of 2 killed, 1 of the 1 that this run can kill" in text


def test_verdicts_are_the_first_column_of_every_table(page: Page) -> None:
    assert len(page.tables) == 1 + 3 * 4
    for table in page.tables:
        assert table[0][0] == "verdict"
        assert {len(row) for row in table} == {len(table[0])}
    outcomes = {row[0] for table in page.tables[1:] for row in table[1:]}
    assert outcomes == {"consistent", "certified", "refuted"}


def test_page_suits_narrow_screens(page: Page) -> None:
    assert "width=device-width" in page.meta["viewport"]
    # A table that is too wide scrolls in a box of its own, and not the page.
    assert all(page.scrolling)


def test_figures_are_left_out_rather_than_empty(tmp_path: Path) -> None:
    plain = [dataclasses.replace(row, bound=0.0) for row in rows_of("good")]
    text = write_report(tmp_path, plain, [statement("good")], MANIFEST).read_text("utf-8")
    assert "<svg" not in text
    assert "<figure" not in text
    assert list((tmp_path / "figures").iterdir()) == []
    # With ratios alone, there is one figure; with a parameter that varies, there are two.
    write_report(tmp_path, rows_of("good"), [statement("good")], MANIFEST)
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["good.svg"]
    varied = [
        dataclasses.replace(row, parameters={"num_weak": place}) for place, row in enumerate(rows_of("good"))
    ]
    text = write_report(tmp_path, varied, [statement("good")], MANIFEST).read_text("utf-8")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["good-curve.svg", "good.svg"]
    assert text.count("<svg") == text.count("<figcaption") == 2


def test_an_equality_says_how_far_its_cases_are_off(tmp_path: Path) -> None:
    own = [dataclasses.replace(verdict("a"), measured=m) for m in (0.98, 1.0, 1.02)]
    rows = [dataclasses.replace(row, theorem="equal", kind="equality") for row in own]
    (equal,) = [statement("equal", kind="equality", margin=lambda _: 1.0)]
    text = write_report(tmp_path, rows, [equal], MANIFEST).read_text("utf-8")
    assert "Measured / theory lies between 0.98 and 1.02." in text


def test_numbers_without_a_value_and_without_an_end(tmp_path: Path) -> None:
    row = dataclasses.replace(verdict("a"), bound=0.0, ci_high=float("inf"), measured=-1e-6)
    text = write_report(tmp_path, [row], [STATEMENT], MANIFEST).read_text("utf-8")
    assert "0.4 … ∞" in text
    assert "-1e-06 ± 0.01" in text
    assert "nan" not in text.split("</style>")[1]


def test_formulas_of_all_theorems_are_rendered_whole(tmp_path: Path) -> None:
    theorems = list(all_statements().values())
    text = write_report(tmp_path, [verdict("a")], theorems, MANIFEST).read_text("utf-8")
    assert text.count("<math") == sum(bool(theorem.formula) for theorem in theorems) > 0
    # What the converter does not know it leaves as it is.
    assert [line for line in text.splitlines() if "<math" in line and "\\" in line] == []
