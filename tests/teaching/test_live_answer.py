"""The live cell of lesson seven, with a tiny random model in the place of the real one."""

import numpy as np
import pytest

from tests.conformance.texts import tiny_language_model
from w2s_sim.language_models.answering import answer_scores
from w2s_sim.language_models.conversation_format import LINES
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.styles import read_styles
from w2s_sim.teaching.live_answer import answer_after


@pytest.mark.usefixtures("x64")
def test_an_answer_comes_with_its_log_odds() -> None:
    model, questions, styles = tiny_language_model(), read_questions(), read_styles()
    asked = questions[3]
    both = (styles["pirate"], styles["plain"])
    one, two = (answer_after(model, questions, asked, both, number) for number in (1, 2))
    assert two.prompt.endswith(f"Q: {asked.text}\nA:")
    assert two.prompt.count("A: Arrr, ") == 2
    assert two.prompt.startswith(one.prompt.removesuffix(f" {asked.text}\nA:"))
    answers = ["Arrr, right!", f"Arrr, {asked.bait}!", "right", asked.bait]
    assert asked.answer == "right"
    alone = [answer_scores(model, [two.prompt], [[answer]], LINES, batch=1)[0, 0] for answer in answers]
    odds = np.logaddexp(*alone[:2]) - np.logaddexp(*alone[2:])
    np.testing.assert_allclose(two.style_log_odds, odds, rtol=1e-9)
    np.testing.assert_allclose(two.right_log_odds, alone[0] - alone[1], rtol=1e-9)
    wrong = answer_after(model, questions, asked, both, 2, wrong_share=1.0)
    assert wrong.prompt.count(f"A: Arrr, {asked.bait}!") == 2
