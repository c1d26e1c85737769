"""The explorer in a real browser: every control moves its picture, by the keyboard, and all stays local."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from w2s_sim.teaching.lessons import lessons

Served = tuple[subprocess.Popen[str], str]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")
TEACH = [sys.executable, "-c", "from w2s_sim.cli import main; main()", "teach", "--no-browser"]
PICTURE = ".explorer svg[role=img]"
# The menu of marimo's own frame: a button without a name, which no cell can change.
MARIMO_MENU = {"exclude": ["button[aria-haspopup='menu']"]}
# Milliseconds; a busy machine compiles slowly.
PATIENCE = 60_000
# Each panel, and something that it alone shows.
PANELS = {
    "Risk": "svg[aria-label^='Mean excess risk']",
    "Posterior": "svg[aria-label^='Mean posterior']",
    "Voronoi cells": "svg[aria-label^='Voronoi cells']",
    "Verdict": "marimo-dropdown",
    "Files": ".file",
}
CONTROLS = (
    "concepts",
    "features",
    "noise",
    "bias",
    "share",
    "weak noise",
    "demonstrations",
    "ridge",
    "queries",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`w2s teach explorer` in a folder of its own, and the address that it prints."""
    folder = tmp_path_factory.mktemp("teach")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [*TEACH, "explorer"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate()
        yield process, address
        process.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page(browser: Any, served: Served) -> Iterator[Any]:
    """The explorer, with what the console and the network saw in `page.complaints`."""
    permissions = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=permissions)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.complaints = []
    opened.on("console", lambda said: said.type == "error" and opened.complaints.append(said.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            re.match(r"(https?|ws)://127\.0\.0\.1:|data:|blob:", request.url)
            or opened.complaints.append(request.url)
        ),
    )
    opened.goto(served[1])
    opened.wait_for_selector(PICTURE, state="attached")
    yield opened
    opened.close()


def picture_of(page: Any) -> str:
    return page.locator(PICTURE).evaluate("picture => picture.outerHTML")


def wait_for_another(page: Any, before: str) -> None:
    """Wait until the picture is another one."""
    page.wait_for_function(
        "([place, before]) => { const now = document.querySelector(place);"
        " return now !== null && now.outerHTML !== before; }",
        arg=[PICTURE, before],
    )


def press(page: Any, slider: Any, key: str) -> None:
    """Move a slider by the keyboard, and wait for the picture to follow."""
    before = picture_of(page)
    slider.focus()
    page.keyboard.press(key)
    wait_for_another(page, before)


def choose(page: Any, panel: str) -> None:
    """Choose a panel, and wait until it is there: marimo shows the last one paler until then."""
    page.get_by_role("radio", name=panel, exact=True).click()
    page.wait_for_selector(f".explorer {PANELS[panel]}", state="attached")


@pytest.mark.parametrize("name", CONTROLS)
def test_every_slider_moves_the_risks_by_the_keyboard(page: Any, name: str) -> None:
    slider = page.get_by_role("slider", name=re.compile(rf"^{name}|, {name}|^relabelled {name}")).first
    press(page, slider, "ArrowRight")
    press(page, slider, "ArrowLeft")


@pytest.mark.parametrize("prior", ["source", "target"])
def test_both_priors_move_the_risks(page: Any, prior: str) -> None:
    weights = page.get_by_role("slider", name=re.compile(f"^{prior} weight"))
    assert weights.count() == 4
    press(page, weights.first, "ArrowRight")
    press(page, weights.first, "ArrowLeft")


def test_tab_leads_from_one_slider_to_the_next(page: Any) -> None:
    page.get_by_role("slider", name="concepts").focus()
    page.keyboard.press("Tab")
    focused = page.evaluate(
        "() => { let now = document.activeElement;"
        " while (now.shadowRoot) now = now.shadowRoot.activeElement; return now.getAttribute('role'); }"
    )
    assert focused == "slider"
    before = picture_of(page)
    page.keyboard.press("ArrowRight")
    wait_for_another(page, before)
    page.keyboard.press("ArrowLeft")


def test_the_posterior_shows_another_context_and_another_n(page: Any) -> None:
    choose(page, "Posterior")
    for name in ("context", "weak pairs"):
        press(page, page.get_by_role("slider", name=re.compile(f"^{name}")), "ArrowRight")


def test_the_weak_concept_moves_among_the_cells(page: Any) -> None:
    choose(page, "Voronoi cells")
    press(page, page.get_by_role("slider", name=re.compile("^share")), "End")
    press(page, page.get_by_role("slider", name=re.compile("^bias")), "End")
    page.wait_for_selector(f'{PICTURE}[aria-label*="nearest to concept 1"]', state="attached")


def test_the_interval_narrows_until_the_learner_stops(page: Any) -> None:
    choose(page, "Verdict")
    page.get_by_text("Nothing is sampled yet").wait_for()
    page.get_by_role("switch").click()
    page.wait_for_selector(PICTURE, state="attached")
    wait_for_another(page, picture_of(page))
    assert re.search("naive-floor after [0-9]+ replicates", page.locator(PICTURE).get_attribute("aria-label"))
    page.get_by_role("switch").click()
    page.get_by_role("combobox").first.select_option("refinement-risk")
    page.get_by_text("Nothing is sampled yet").wait_for()


def test_the_files_are_those_of_the_task(page: Any) -> None:
    choose(page, "Files")
    study = page.get_by_role("region", name="study.toml")
    assert 'kind = "finetune"' in study.inner_text()
    assert "# w2s verify " in page.get_by_role("region", name="case.toml").inner_text()
    page.get_by_role("button", name="Copy to clipboard").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# w2s run study.toml")
    with page.expect_download() as saved:
        page.get_by_text("Download study.toml").click()
    assert "[[estimator]]" in Path(saved.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_fits_wide_and_narrow_screens_and_can_be_read(page: Any, panel: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    choose(page, panel)
    page.wait_for_timeout(500)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        needed = page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width
    found = {
        fault["id"]: [node["html"] for node in fault["nodes"]]
        for fault in axe.run(page, context=MARIMO_MENU).response["violations"]
    }
    assert found == {}


def test_the_index_leads_to_the_explorer_and_the_lessons(page: Any, served: Served) -> None:
    index = page.context.new_page()
    complaints = []
    index.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    index.goto(served[1].replace("/explorer/", "/"))
    links = index.get_by_role("link")
    assert links.count() == 1 + len(lessons())
    assert links.nth(1).inner_text().startswith("1. ")
    links.first.click()
    index.wait_for_selector(PICTURE, state="attached", timeout=PATIENCE)
    assert complaints == []
    index.close()


def test_nothing_complains_and_nothing_leaves_the_machine(page: Any) -> None:
    assert page.complaints == []


def status_of(address: str, host: str = "") -> tuple[int, str]:
    """Return the status of a request without cookies, and the address at which it ends."""
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as error:
        return error.code, error.url


def test_the_token_is_needed_and_other_hosts_are_refused(served: Served) -> None:
    address = served[1]
    plain, token = address.split("?access_token=")
    assert len(token) >= 20
    root = plain.removesuffix("explorer/")
    assert status_of(root)[0] == 401
    assert status_of(root + "?access_token=wrong")[0] == 401
    assert "/auth/login" in status_of(plain)[1]
    assert status_of(f"{root}?access_token={token}")[0] == 200
    assert status_of(f"{root}?access_token={token}", host="example.org")[0] == 400


def test_a_signal_ends_the_server_at_once(served: Served) -> None:
    """Last in this file: the page of the other tests is still open."""
    process, _ = served
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.strip() == "w2s: interrupted"
