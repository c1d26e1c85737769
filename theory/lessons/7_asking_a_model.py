"""A language model that can be asked: how evidence grows, and which errors are copied.

Does a real language model read demonstrations as the theory says?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="7. A language model that can be asked: how evidence grows, and which errors are copied"
)

with app.setup:
    import marimo as mo
    import numpy as np

    from w2s_sim.empirical.language_model_tables import evidence_rows, measured_table
    from w2s_sim.errors import InputError
    from w2s_sim.language_models.language_model import load_language_model
    from w2s_sim.language_models.question_set import read_questions
    from w2s_sim.language_models.styles import read_styles
    from w2s_sim.plotting.looks import REFINED, THEORY, UPPER_BOUND, draw_line
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.evidence_exercises import check_effective_number
    from w2s_sim.teaching.live_answer import answer_after
    from w2s_sim.teaching.pictures import Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 7. A language model that can be asked: how evidence grows, and which errors are copied

    Scores of a judge hide what a model believes. A model on your own machine gives its probabilities. SmolLM2-135M-Instruct is asked for opposites, plurals, past tenses and capitals after $n$ demonstrations
    in a style such as "Arrr, cold!". The *style log odds* are the log probability of answers in this style minus that of plain answers. In the model of lesson 1 every demonstration adds the same amount on
    average, because demonstrations are independent given the concept.

    ## How evidence grows
    """)
    return


@app.cell(hide_code=True)
def _():
    growth_question = choice(
        "**The first demonstration adds about 20 nats to the style log odds. How much does each of the last 16 of 32 demonstrations add, on average?**",
        [
            "about as much as the first",
            "about a quarter of it",
            "less than a fiftieth of it",
        ],
    )
    growth_question
    return (growth_question,)


@app.cell
def _(growth_question):
    wait_for(growth_question)
    evidence = evidence_rows()
    style_curve = evidence.groupby("n")["style_log_odds"].mean()
    gains = style_curve - style_curve[0]
    # Equally correlated demonstrations whose gain after 32 of them is the measured one.
    correlation = (32 * gains[1] / gains[32] - 1) / 31
    return correlation, evidence, gains


@app.cell(hide_code=True)
def _(correlation, evidence, gains, growth_question):
    _few, _numbers = np.linspace(1.0, 3.8, 40), np.linspace(1.0, 32.0, 200)
    _paths = evidence.pivot_table(index=["seed", "path"], columns="n", values="style_log_odds")
    _table = gains[1:].rename("gain").reset_index()
    _table["gain_se"] = (_paths.sub(_paths[0], axis=0).sem()[1:]).to_numpy()
    with drawing(height=3.3) as (_figure, _axes):
        draw_means(_axes, REFINED, _table, "n", "gain", "SmolLM2, five styles", joined=False)
        draw_line(_axes, THEORY, _few, _few * gains[1], "independent demonstrations")
        draw_line(
            _axes,
            UPPER_BOUND,
            _numbers,
            gains[1] * _numbers / (1 + (_numbers - 1) * correlation),
            f"correlation {correlation:.2f}",
        )
        _axes.set_xscale("log", base=2)
        _axes.set_xlabel("demonstrations, $n$")
        _axes.set_ylabel("gain of style log odds (nats)")
        _axes.set_ylim(bottom=0)
        _axes.legend(fontsize=7, loc="center right", bbox_to_anchor=(1.0, 0.65))
    _late = (gains[32] - gains[16]) / 16
    _options = ["about as much as the first", "about a quarter of it", "less than a fiftieth of it"]
    _right = _options[int(np.argmin(np.abs(np.log([1.0, 0.25, 0.01]) - np.log(_late / gains[1]))))]
    row(
        Picture(
            _figure,
            "*Gain of the log odds of the demonstrated style, mean over five styles. Bars are two standard errors over paths of demonstrations.*",
            "The measured gain rises fast at first and then slowly; independent demonstrations would give a straight line that leaves the picture.",
        ),
        Reveal(
            growth_question.value,
            _right,
            f"""The first adds {gains[1]:.1f} nats, each of the last 16 on average {_late:.2f}. A reader who knows that examples of one conversation resemble one another behaves much like that: with correlation $r$ among the
    evidence of the demonstrations, $n$ of them are worth $n/(1+(n-1)r)$ independent ones. With $r={correlation:.2f}$, chosen to fit $n=32$, all 32 are worth {gains[32] / gains[1]:.1f}. (In between, the measured gains are a little smaller.)
    So the *speed* of the theorems on identification, exponential in $n$, is not that of this model. Its *direction* is: the style is recognised from one or two examples.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    bait_question = choice(
        "**Half of these demonstrations are wrong in content, always with the same bait word. What is the probability of the bait among the answers, after 8 demonstrations or more?**",
        ["nearly 0: the model knows the right answers", "nearly 1/2: it copies the errors", "nearly 1"],
    )
    bait_question
    return (bait_question,)


@app.cell(hide_code=True)
def _(bait_question, evidence):
    wait_for(bait_question)
    _baits = evidence.query("n >= 8").groupby(["seed", "path"])["bait_probability"].mean()
    _quarter = (
        evidence_rows(quarter=True).query("n >= 8").groupby(["seed", "path"])["bait_probability"].mean()
    )
    _options = ["nearly 0: the model knows the right answers", "nearly 1/2: it copies the errors", "nearly 1"]
    Reveal(
        bait_question.value,
        _options[int(np.argmin(np.abs(np.array([0.0, 0.5, 1.0]) - _baits.mean())))],
        f"""The mean is {_baits.mean():.2f} (standard error {_baits.sem():.1g}). "Wrong half of the time" is a concept too, and the demonstrations show it. If a quarter of them is wrong, the mean is
    {_quarter.mean():.2f} ({_quarter.sem():.1g}). That is less than was shown, and labels refined from it are better than the weak ones: the tax depends on how well a concept of the strong model explains the errors.""",
    )
    return


@app.cell(hide_code=True)
def _():
    arms_question = choice(
        "**Now the model is fine-tuned, and asked without demonstrations. Which labels leave the right answers most probable?**",
        [
            "the weak labels, half of them with the bait",
            "its own answers after 8 weak demonstrations",
            "its own answers in the style that it infers from the weak labels, after right examples",
        ],
    )
    arms_question
    return (arms_question,)


@app.cell(hide_code=True)
def _(arms_question):
    wait_for(arms_question)
    _measured = measured_table("refinement").set_index(["arm", "style"])
    _means = _measured["right_probability"].groupby("arm").mean()
    _options = {
        "naive": "the weak labels, half of them with the bait",
        "refined": "its own answers after 8 weak demonstrations",
        "inferred": "its own answers in the style that it infers from the weak labels, after right examples",
    }

    def _shown(arm, style):
        cell = _measured.loc[(arm, style)]
        return f"{cell['right_probability']:.2f} ± {cell['right_probability_se']:.2f}"

    _rows = "; ".join(
        f"{arm}: {_shown(arm, 'pirate')} and {_shown(arm, 'json')}" for arm in (*_options, "clean")
    )
    Reveal(
        arms_question.value,
        _options[str(_means[list(_options)].idxmax())],
        f"""Probability of the right answer among the candidates on held-out questions, for "pirate" and for "json", with standard errors, which three training runs give only roughly. {_rows}. ("Clean" are right answers in the style.)
    Labels refined in context carry the errors that the demonstrations show; for "json" they are no better than the weak labels. A style that is first *named* carries none: this is intent inference
    ({page("intent-inference")}).""",
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Ask it yourself.** With `w2s lm fetch` (93 MB) the model is on your machine. The demonstrations of a smaller $n$ are the first ones of a larger $n$; half of them give the bait.
    """)
    return


@app.cell(hide_code=True)
def _():
    asked_text = mo.ui.radio(
        [
            'What is the opposite of "hot"?',
            'What is the plural of "wolf"?',
            'What is the past tense of "sing"?',
            "What is the capital of Norway?",
        ],
        value="What is the capital of Norway?",
        label="Question",
    )
    asked_style = mo.ui.radio(["pirate", "json", "friend"], value="pirate", label="Style")
    asked_number = mo.ui.slider(0, 16, value=2, label="demonstrations", show_value=True)
    ask_button = mo.ui.run_button(label="Ask the model")
    row(asked_text, asked_style, asked_number, ask_button)
    return ask_button, asked_number, asked_style, asked_text


@app.cell(hide_code=True)
def _(ask_button, asked_number, asked_style, asked_text):
    mo.stop(not ask_button.value, mo.md("*The answer appears here.*"))
    try:
        _questions, _styles = read_questions(), read_styles()
        _answer = answer_after(
            load_language_model(),
            _questions,
            next(question for question in _questions if question.text == asked_text.value),
            (_styles[asked_style.value], _styles["plain"]),
            asked_number.value,
        )
        _shown = mo.md(f"""
    ```text
    {_answer.prompt} {_answer.text}
    ```
    Log odds of the style: {_answer.style_log_odds:.1f} nats. Log odds of the right answer against the bait, in this style: {_answer.right_log_odds:.1f} nats.
    """)
    except InputError as _problem:
        _shown = mo.md(f"*{_problem}*")
    _shown
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Exercise

    Derive the effective number of demonstrations. Each of $n$ demonstrations shows a number that is normal with variance 1, with mean 0 in the plain style and $\delta$ in the wanted one, and any two have the
    correlation $r$. By which factor does the expected log likelihood ratio of all $n$ exceed that of one?
    """)
    return


@app.cell(hide_code=True)
def _():
    number_editor = editor(
        "def effective_number(num_demonstrations, correlation):\n    return num_demonstrations\n"
    )
    number_editor
    return (number_editor,)


@app.cell(hide_code=True)
def _(number_editor):
    check_when_submitted(number_editor.value, check_effective_number)
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## What to take along from the course

    * A strong model has concepts and a prior over them; a weak model shows which concept is wanted, imperfectly.
    * Fitting weak labels has a floor, and pays for style with content. Reading them as evidence has no floor, as long as the weak model is nearest to the right concept.
    * For a mixture of concepts the prior itself has to be transferred, by EM.
    * The picture makes predictions about language models. Some hold, and some do not: a style is recognised from few examples, but evidence grows more slowly than for independent ones, and errors that
      demonstrations show are copied ({page("language-model-evidence")}).

    **Where to go from here:** {page("README", "the book")} lists all theorems and their proofs; `w2s verify` checks them; {page("questions")} answers what readers ask first.
    """)
    return


if __name__ == "__main__":
    app.run()
