"""The rule of the numbers on a page finds numbers without a source, and takes those that have one."""

from pathlib import Path

import pytest

from tests.page_numbers import without_source

CELL = "risk, count = 0.34315, 4096  # 0.77\nprint('simulated: 0.3757(8), 0.125, 1.9e-08')"


def missing(text: str, tmp_path: Path) -> list[str]:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{text}\n\n```python\n{CELL}\n```\n", encoding="utf-8")
    return without_source(page, ["simulated: 0.3757(8), 0.125, 1.9e-08"])


@pytest.mark.parametrize(
    "text",
    [
        "The floor is 0.34315, about 0.343, or $F=0.3$.",
        "The student has 0.3757(8), with 4,096 replicates ($4{,}096$).",
        "The share is 12.5 percent, or 12.5%, or $12.5\\%$.",
        r"The error is $1.9\times10^{-8}$, or $2\cdot10^{-8}$.",
        "| method | risk |\n|---|---|\n| naive | 0.376 |",
        "Code such as `eta = 0.99`, JAX 0.10.2, gpt-3.5, Python 3.11 and [links](0.99.md) state no number.",
        "They report 0.81 (Burns et al., [arXiv 2312.09390](https://arxiv.org/abs/2312.09390)).",
        "There are 7 models in 2 groups.",
    ],
)
def test_numbers_with_a_source_pass(text: str, tmp_path: Path) -> None:
    assert missing(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The floor is 0.344.", ["0.344"]),
        ("The floor is $F=0.3433$.", ["0.3433"]),
        ("The risk is 0.3757(9).", ["0.3757(9)"]),
        ("More digits than the source has: 0.1251.", ["0.1251"]),
        ("After 4,097 replicates.", ["4,097"]),
        ("That is 13 percent, 17% and 3 times as much.", ["17%", "3 times"]),
        (r"The error is $1.9\times10^{-7}$.", [r"1.9\times10^{-7}"]),
        ("| method | risk |\n|---|---|\n| naive | 0.377 |", ["0.377"]),
        ("A comment of a cell is no source: 0.77.", ["0.77"]),
        ("They report 0.81 ({cite}`burns`). Ours is 0.82.", ["0.82"]),
    ],
)
def test_numbers_without_a_source_are_found(text: str, found: list[str], tmp_path: Path) -> None:
    assert missing(text, tmp_path) == found
