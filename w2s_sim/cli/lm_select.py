"""`w2s lm select`: a questions file of what a language model answers rightly."""

from collections import Counter

from w2s_sim.cli.console import make_console, make_table, print_table
from w2s_sim.cli.lm_arguments import Select
from w2s_sim.cli.progress import track
from w2s_sim.errors import InputError
from w2s_sim.language_models.language_model import load_language_model
from w2s_sim.language_models.plain_answers import plain_answers
from w2s_sim.language_models.question_selection import CANDIDATES, selected_questions
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.runs.whole_files import write_whole


def run_select(arguments: Select) -> int:
    """Write the questions that the model answers rightly, and print how many of each kind it does."""
    out = arguments.out
    if out.exists() or not out.absolute().parent.is_dir():
        raise InputError("--out", str(out), "the path of a new file, in a folder that exists")
    questions = read_questions(arguments.questions_file, CANDIDATES)
    answers = plain_answers(
        load_language_model().without_layers(arguments.without_layers),
        questions,
        num_demonstrations=arguments.demonstrations,
        seed=arguments.seed,
        progress=lambda batches: track(batches, lambda first: f"from question {first + 1}"),
    )
    right = [answer == question.answer for answer, question in zip(answers, questions, strict=True)]
    write_whole(out, selected_questions(arguments.questions_file, right).encode())
    asked = Counter(question.kind for question in questions)
    kept = Counter(question.kind for question, is_right in zip(questions, right, strict=True) if is_right)
    table = make_table("kind", "asked", "right", right=("asked", "right"))
    for kind in asked:
        table.add_row(kind, str(asked[kind]), str(kept[kind]))
    table.add_row("all", str(asked.total()), str(kept.total()))
    print_table(make_console(), table)
    return 0
