"""From theory to language models: style, content, and published scores.

How much of what language models do is in the picture of latent concepts?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="6. From theory to language models: style, content, and published scores")

with app.setup:
    import marimo as mo
    import numpy as np

    from w2s_sim.experiments.llm_scores import fit_mixture, llm_scores, predict_scores, refined_styles
    from w2s_sim.experiments.style_content_study import (
        deterministic_errors,
        refined_errors,
        style_content_task,
    )
    from w2s_sim.plotting.looks import NAIVE, REFINED, SERIES, THEORY, draw_line
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.style_exercises import (
        check_content_taken,
        check_style_weight,
    )
    from w2s_sim.teaching.pictures import BARS, Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, guess, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 6. From theory to language models: style, content, and published scores

    In the experiments of Somerstep et al. (2025) the strong model is GPT-3.5-Turbo or GPT-4o-mini. It answers well, but plainly. The weak models are smaller ones that were taught a
    *persona*, such as a pirate. They have the right **style** and poorer **content**. The strong model is to answer as a pirate, and as well as before.

    The dictionary between theory and experiment:

    | theory | experiment |
    |---|---|
    | a concept $\beta_k$ | a style of answering, and what is answered |
    | the source prior $\alpha^P$ | how plainly the unaligned strong model answers |
    | the bias $\kappa u$, across the concepts | the weak model's mistakes in content |
    | fine-tuning on weak labels | fine-tuning on the weak model's answers |
    | refinement in context | "here are example answers; answer in the same style", then fine-tuning on the new answers |

    ## Two errors, in tables

    First a synthetic version, in which all laws are known. A concept is a pair of a style and a content, and a label is a pair of symbols, one for each. The source gives the wanted
    style the prior 0.05, and the right content 0.9. The weak model has the right style, and replaces 40% of its content symbols by wrong ones. Errors are total variations: 0 is
    perfect, 1 is always different.

    With many weak labels, fine-tuning with a penalty gives a *mixture* of the source's law and the weak model's.
    """)
    return


@app.cell(hide_code=True)
def _():
    tax_question = choice(
        "**Fine-tuning goes half of the way from the strong model to the weak one. Its style becomes better. What happens to its content?**",
        [
            "it stays: the content of both models is mostly right",
            "it becomes worse, about half as bad as the weak model's is",
            "it becomes better: the errors of two models average out",
        ],
    )
    tax_question
    return (tax_question,)


@app.cell(hide_code=True)
def _():
    style_prior = mo.ui.slider(
        steps=[0.01, 0.05, 0.1, 0.2, 0.4],
        value=0.05,
        label="source prior of the wanted style",
        show_value=True,
    )
    wrong_content = mo.ui.slider(
        0.0, 0.8, 0.1, value=0.4, label="weak model's share of wrong content", show_value=True
    )
    row(style_prior, wrong_content)
    return style_prior, wrong_content


@app.cell
def _(style_prior, tax_question, wrong_content):
    wait_for(tax_question)
    task = style_content_task(style_prior=style_prior.value, wrong_content=wrong_content.value)
    path = deterministic_errors(task, [0.0, 0.25, 0.5, 0.75, 1.0])
    refined = refined_errors(task, (1, 2, 4, 8, 16), batches=16, replicates=200)
    return path, refined, task


@app.cell(hide_code=True)
def _(path, refined, tax_question):
    with drawing(height=3.3) as (_figure, _axes):
        draw_line(
            _axes,
            NAIVE,
            path["style_error"].to_numpy(),
            path["content_error"].to_numpy(),
            "fine-tuning on weak labels",
        )
        _axes.plot(
            path["style_error"],
            path["content_error"],
            color=NAIVE.colour,
            marker=NAIVE.marker,
            linestyle="none",
        )
        draw_means(
            _axes, REFINED, refined, "student_style_error", "student_content_error", "refined, $n$ = 1 to 16"
        )
        for _place, _name in ((0, "strong model"), (4, "weak model")):
            _point = (path["style_error"].iloc[_place], path["content_error"].iloc[_place])
            _axes.annotate(
                _name,
                _point,
                xytext=(-6, 8) if _place == 0 else (8, 2),
                textcoords="offset points",
                ha="right" if _place == 0 else "left",
            )
        _axes.set_xlabel("style error")
        _axes.set_ylabel("content error")
        _axes.set_xlim(left=-0.03)
        _axes.set_ylim(bottom=-0.02)
        _axes.legend()
    _example = deterministic_errors(style_content_task(), [0.0, 0.5, 1.0])
    _strong, _half, _weak = (_example.iloc[place] for place in range(3))
    row(
        Picture(
            _figure,
            f"*Errors of fine-tuning, 0 to 100% of the way (exact), and of students of refined labels. {BARS}*",
            "Fine-tuning moves along a line from strong to weak model; refinement goes to the origin.",
        ),
        Reveal(
            tax_question.value,
            "it becomes worse, about half as bad as the weak model's is",
            f"""With the weak model described above, half of the way the content error is {_half["content_error"]:.3f}, between the {_strong["content_error"]:.3f} of the strong model and the {_weak["content_error"]:.3f} of the weak one; the style error
    goes from {_strong["style_error"]:.3f} to {_half["style_error"]:.3f}. Style is *bought* with content. Refined students leave this line: the same labels, read as evidence for a style, carry no content with them.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## The alignment tax

    In the regression model of lessons 1 to 3 this is a theorem. Let the source err only on a block of "style" coefficients and the weak model only on the others, the "content". Measure a student's
    errors by root mean squares, style as a share of the source's error $a$, content as a share of the weak model's error $\kappa$. For every fine-tuned student

    $$\frac{{\sqrt{{\mathbb{{E}}\lVert(\hat b-\beta_Q)_{{\mathrm{{style}}}}\rVert^2}}}}{{a}}+\frac{{\sqrt{{\mathbb{{E}}\lVert(\hat b-\beta_Q)_{{\mathrm{{content}}}}\rVert^2}}}}{{\kappa}}\ \ge\ 1 .$$

    By lesson 2 the mean student is $\beta_P+w(\beta'_Q-\beta_P)$: it keeps the share $1-w$ of the source's error and takes the share $w$ of the weak model's. They add up to one, and Jensen's inequality
    does the rest ({page("alignment-tax")}).
    """)
    return


@app.cell(hide_code=True)
def _():
    demonstrations_question = guess(
        "**The source gives the wanted style a prior of 0.05. How many weak examples in context does it take until the style error of the refined law is below 0.1?**",
        1,
        50,
    )
    demonstrations_question
    return (demonstrations_question,)


@app.cell
def _(demonstrations_question):
    wait_for(demonstrations_question)
    contexts = refined_errors(style_content_task(), (1, 2, 3, 4, 5, 6, 8), batches=1, replicates=2000)
    _first = contexts[contexts["style_error"] < 0.1].iloc[0]
    _four = contexts[contexts["num_demonstrations"] == 4].iloc[0]
    Reveal(
        demonstrations_question.value,
        float(_first["num_demonstrations"]),
        f"""With {int(_first["num_demonstrations"])} examples the style error is {_first["style_error"]:.3f} (standard error {_first["style_error_se"]:.1g}). The published experiments used 2 to 4 examples.
    With 4 of them the wanted style has a mean posterior of {_four["style_weight"]:.2f} here, and {100 * _four["undecided"]:.0f}% of contexts leave it between 0.2 and 0.8.""",
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## The published scores

    Does the picture describe real models? The package carries the published scores: a judge rates style and content from 0 to 10. Take the simplest picture with latent concepts: the strong model has two
    concepts of equal content, its own style and the wanted style. After $n$ examples of a weak model whose own style has gone the share $\rho$ of the way,

    $$w=\frac1{1+e^{-(\omega_0+n\rho\,\omega_1)}},\qquad\text{style}=s_0+w\,(s_1-s_0),\qquad\text{content}=c_0 .$$

    $\omega_0$ are the source's log odds of the wanted style, and $\omega_1$ the log odds that one example adds. Both are fitted to *four* numbers: the refined styles of one benchmark (TruthfulQA), one strong
    model (GPT-3.5-Turbo), four weak models. Everything else is prediction.
    """)
    return


@app.cell(hide_code=True)
def _():
    benchmark_question = choice(
        "**Two numbers, fitted on TruthfulQA. On which other benchmark are the predicted styles of GPT-3.5-Turbo farthest from the measured ones, in standard errors?**",
        [
            "AlpacaEval: open questions",
            "MMLU: questions with options to choose from",
            "analogies: short explanations",
        ],
    )
    benchmark_question
    return (benchmark_question,)


@app.cell
def _(benchmark_question):
    wait_for(benchmark_question)
    scores = llm_scores()
    mixture = fit_mixture(scores)
    predictions = predict_scores(scores, mixture)
    return mixture, predictions, scores


@app.cell(hide_code=True)
def _(benchmark_question, mixture, predictions, scores):
    _names = {
        "tinyTruthfulQA": "TruthfulQA (fitted)",
        "tinyAlpacaEval": "AlpacaEval",
        "tinyMMLU": "MMLU",
        "chatgpt_questions_test": "analogies",
    }
    _styles = refined_styles(scores, mixture.rendering)
    _styles = _styles.query("strong_model == 'gpt-3.5-turbo'")
    with drawing(height=3.3) as (_figure, _axes):
        for _look, (_benchmark, _name) in zip(SERIES, _names.items(), strict=False):
            _rows = _styles.query(f"benchmark == '{_benchmark}'")
            _span = mixture.rendering - _rows["unaligned"]
            _rows = _rows.assign(
                share=(_rows["style"] - _rows["unaligned"]) / _span, share_se=_rows["style_se"] / _span
            )
            draw_means(_axes, _look, _rows, "evidence", "share", _name, joined=False)
        _evidence = np.linspace(-0.7, 4.1, 60)
        draw_line(_axes, THEORY, _evidence, mixture.share(_evidence), "two concepts")
        _axes.set_ylim(-0.2, 1.15)
        _axes.set_xlabel(r"examples times weak style, $n\rho$")
        _axes.set_ylabel("share of the way to the wanted style")
        _axes.legend(fontsize=7)
    _table = predictions[
        (predictions["strong_model"] == "gpt-3.5-turbo")
        & (predictions["metric"] == "style")
        & (predictions["method"] == "ft_icl_improved")
    ]
    _largest = _table.assign(size=_table["z"].abs()).groupby("benchmark")["size"].max()
    _options = {
        "tinyAlpacaEval": "AlpacaEval: open questions",
        "tinyMMLU": "MMLU: questions with options to choose from",
        "chatgpt_questions_test": "analogies: short explanations",
    }
    _worst = _largest[list(_options)].idxmax()
    row(
        Picture(
            _figure,
            "*Refined styles of GPT-3.5-Turbo, one point a weak model, and the picture. Bars are two standard errors over questions.*",
            "Published styles beside a logistic curve; some benchmarks lie on it, others far below.",
        ),
        Reveal(
            benchmark_question.value,
            _options[_worst],
            f"""The largest differences are {", ".join(f"{value:.1f} ({_names[name]})" for name, value in _largest.sort_values().items())} standard errors. Even where it was fitted the picture is refuted, strictly:
    $\\chi^2={mixture.chi_squared:.1f}$ for {mixture.degrees_of_freedom} degrees of freedom. $\\omega_0={mixture.log_odds:.2f}$ and $\\omega_1={mixture.separation:.2f}$ nats.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _(predictions):
    _content = predictions[(predictions["metric"] == "content") & predictions["z"].notna()]
    _refined = _content[_content["method"] == "ft_icl_improved"]
    _naive = _content[_content["method"] == "ft_weak"]
    mo.md(rf"""
    ## What fits, and what does not

    The boldest prediction is about content: refinement leaves it where the unaligned strong model had it, and fine-tuning drags it to the weak model's. For refinement,
    {int((_refined["z"].abs() < 2).sum())} of {len(_refined)} arms lie within two standard errors; for naive fine-tuning {int((_naive["z"].abs() < 2).sum())} of {len(_naive)}. Where refined content
    differs, it is lower in {int((_refined.loc[_refined["z"].abs() >= 2, "z"] < 0).sum())} of {int((_refined["z"].abs() >= 2).sum())} cases: a strong model that is a little less exact in the wanted style would explain it, and
    the picture has no room for that.

    A picture of two numbers that describes several benchmarks and fails on one is useful twice. Where it fits, latent concepts may be the mechanism. Where it fails, it says what to look at: does a question with
    options leave no room for the style? Is one example worth less there ($\omega_1$), or is the source surer of its own style ($\omega_0$)? More such comparisons, with all their
    failures, are in {page("style-and-content")}. {page("ginc")} does the same for small languages, with the exact predictor in the place of a network.

    **What no simulation shows.** The theorems hold for the models that they name. That a language model *is* such a model is a hypothesis, and this lesson is how one tests it.
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Exercises

    **Exercise 1.** Derive the logistic formula. The strong model knows two styles. You get the prior log odds of the wanted style, and for each of $n$ examples the log ratio of its likelihoods under the wanted and the
    plain style. Return the posterior weight of the wanted style. (It is compared with the posterior of the full model of style *and* content.)
    """)
    return


@app.cell(hide_code=True)
def _():
    weight_editor = editor("def style_weight(prior_log_odds, log_ratios):\n    return 0.5\n")
    weight_editor
    return (weight_editor,)


@app.cell(hide_code=True)
def _(weight_editor):
    check_when_submitted(weight_editor.value, check_style_weight)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 2.** Write the price of style. A student fine-tuned on *very many* weak labels still has the share $s$ of the source's style error (as root mean square). Which share of the weak model's content error has it
    taken over? The check simulates fine-tuned students, and demands agreement within 0.03; for the labeller in context the formula must fail.
    """)
    return


@app.cell(hide_code=True)
def _():
    taken_editor = editor("def content_taken(style_left):\n    return 0.0\n")
    taken_editor
    return (taken_editor,)


@app.cell(hide_code=True)
def _(taken_editor):
    check_when_submitted(taken_editor.value, check_content_taken)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## What to take along

    * A style is a concept: it can be inferred from a few examples, and refined labels then carry the style without the weak model's content.
    * Fine-tuning pays for style with content, in tables, in regression, and in published scores.
    * A picture of two numbers describes several benchmarks and fails on one. Scores say *that* it fails; the next lesson asks a model that gives its probabilities.
    """)
    return


if __name__ == "__main__":
    app.run()
