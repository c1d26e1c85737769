"""Questions, styles and weak labels: what comes with the package, and what a user's file must be."""

from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest

from w2s_sim.errors import InputError
from w2s_sim.language_models.question_set import Question, read_questions
from w2s_sim.language_models.styles import Style, read_styles
from w2s_sim.language_models.weak_labels import weak_contents

OWN = """
["first letters"]
question = "First letter of {word}?"
bait = "z"
pairs = [["abc", "a"], ["bcd", "b"], ["cde", "c"]]
"""


def test_every_question_of_the_package_has_one_right_answer() -> None:
    questions = read_questions()
    assert len(questions) >= 160
    assert len({question.kind for question in questions}) == 4
    assert len({question.text for question in questions}) == len(questions)
    for question in questions:
        assert question.answer not in (question.bait, *question.others)
        assert question.bait not in question.others


def test_questions_of_your_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    assert read_questions(path)[1] == Question("first letters", "First letter of bcd?", "b", "z", ("c", "a"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{word}",
            "it",
            r"own\.toml: first letters\.question: got 'First letter of it\?'; expected a text with one",
        ),
        ('"z"', '"b"', r"first letters\.bait: got 'b'; expected a word that answers none"),
        ('"z"', "3", r"first letters\.bait: got 3; expected a word"),
        ('["abc", "a"]', '["abc"]', r"first letters\.pairs: got something else; expected at least two pairs"),
        ("bait", "lure", r"first letters: got other keys; expected a table with question, bait and pairs"),
        ("pairs =", "pairs", "expected a TOML file"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_questions(path)
    with pytest.raises(InputError, match="No such file"):
        read_questions(tmp_path / "absent.toml")


@pytest.mark.parametrize("content", ["cold", "Addis Ababa", "x!", '"', "a.b*(c)\\"])
def test_what_a_style_writes_it_reads(content: str) -> None:
    for style in read_styles().values():
        assert style.parse(style.write(content)) == content


def test_a_style_is_told_from_the_others() -> None:
    styles = read_styles()
    assert styles["json"].parse(' {"answer":"cold"}\n') == "cold"
    assert styles["json"].parse("cold") is None
    assert styles["json"].parse('{"answer": ""}') is None
    assert styles["pirate"].parse("Arrr, cold!") == "cold"
    assert styles["pirate"].parse("Arrr, cold") is None
    assert styles["pirate"].parse("The answer is cold!") is None


def test_styles_of_your_own(tmp_path: Path) -> None:
    path = tmp_path / "styles.toml"
    path.write_text("[robot]\ntemplate = 'BEEP {answer} BEEP'\n")
    assert read_styles(path)["robot"].write("cold") == "BEEP cold BEEP"
    path.write_text("[robot]\ntemplate = 'BEEP'\n")
    with pytest.raises(InputError, match=r"robot\.template: got 'BEEP'; expected a text with one \{answer\}"):
        read_styles(path)
    path.write_text("[robot]\ntext = 'BEEP'\n")
    with pytest.raises(InputError, match=r"robot: got something else; expected a table with template"):
        read_styles(path)
    with pytest.raises(InputError, match="template"):
        Style("twice", "{answer} {answer}")


def test_a_style_may_be_read_by_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "styles.toml"
    path.write_text("[pirate]\ntemplate = 'Arrr, {answer}!'\npattern = '(?i)arr+,? *(?P<answer>[^!]*)!*'\n")
    pirate = read_styles(path)["pirate"]
    assert pirate.write("cold") == "Arrr, cold!"
    assert pirate.parse(" ARRRRR cold \n") == "cold"
    assert pirate.parse("Arrr, !") is None
    assert pirate.parse("The answer is cold!") is None
    for pattern, message in (
        ("(", r"missing \), unterminated subpattern.*expected a regular expression with a group"),
        ("Arrr, (.*)!", r"no such group.*expected a regular expression with a group"),
        ("Ahoy, (?P<answer>.*)", r"that reads 'Arrr, cold!'"),
    ):
        with pytest.raises(InputError, match=rf"pirate\.pattern: .*{message}"):
            Style("pirate", "Arrr, {answer}!", pattern)
    path.write_text("[robot]\ntemplate = '{answer}'\npattern = 3\n")
    with pytest.raises(InputError, match="robot: got something else"):
        read_styles(path)


def test_a_share_of_weak_labels_is_wrong(standard_errors_off: Callable[..., float]) -> None:
    questions = read_questions() * 20
    right = np.array([question.answer for question in questions])
    systematic = np.array(weak_contents(questions, 0.3, "systematic", key=jax.random.key(0)))
    assert standard_errors_off(systematic != right, 0.3) < 5
    assert all(
        content in (question.answer, question.bait)
        for content, question in zip(systematic, questions, strict=True)
    )
    random = np.array(weak_contents(questions, 0.3, "random", key=jax.random.key(0)))
    np.testing.assert_array_equal(random != right, systematic != right)
    pairs = zip(random, questions, strict=True)
    wrong = [(content, question) for content, question in pairs if content != question.answer]
    assert all(content in question.others for content, question in wrong)
    assert len({content for content, _ in wrong}) > 60
    assert weak_contents(questions, 0.0, "random", key=jax.random.key(0)) == right.tolist()


def test_shares_and_errors_are_checked() -> None:
    with pytest.raises(InputError, match=r"wrong_share: got 1\.5"):
        weak_contents([], 1.5, "random", key=jax.random.key(0))
