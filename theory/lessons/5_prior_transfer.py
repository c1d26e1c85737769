"""Prior transfer: one round, many rounds, and the EM algorithm.

How can weak labels teach a strong model a whole prior, and not only one concept?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="5. Prior transfer: one round, many rounds, and the EM algorithm")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    import w2s_sim as w2s
    from w2s_sim.estimators.iterated_refinement import refined_priors
    from w2s_sim.plotting.looks import SERIES, UPPER_BOUND, draw_line
    from w2s_sim.plotting.style import GREEN, GREY, ORANGE, PURPLE
    from w2s_sim.statements.em_refinement.divergences import refinement_path
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.prior_exercises import check_misfit_bound, check_one_round
    from w2s_sim.teaching.lesson_tasks import table_task
    from w2s_sim.teaching.pictures import BARS, Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, wait_for
    from w2s_sim.teaching.references import page

    # Compiled once, however the sliders move.
    paths_of_priors = jax.jit(refined_priors, static_argnums=3)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 5. Prior transfer: one round, many rounds, and the EM algorithm

    In lesson 4 a context of mixed examples collapsed on one concept. The strong model had read all examples as evidence for *one* concept, as if one author
    had written them. Suppose now that we know better: **every weak label shows a concept of its own**, drawn from the target prior, here

    $$\alpha^Q=(0.1,\,0.2,\,0.3,\,0.4),\qquad\text{while the source believes}\quad\alpha^P=(0.5,\,0.25,\,0.15,\,0.1).$$

    What the weak data can teach is this prior. With it, the strong model predicts $\sum_k\alpha_k\beta_k$ with its own, exact concepts.

    ## One round

    Ask the strong model about each pair *alone*: which concept does it show? The posterior of one pair is vague, and leans to the prior. The mean over
    all pairs is a new prior,

    $$T(\alpha)_k=\frac1n\sum_{i\le n}\frac{\alpha_k\,p_k(y'_i\mid x_i)}{\sum_j\alpha_j\,p_j(y'_i\mid x_i)} .$$

    This is what a student learns that is fine-tuned on labels which the strong model has refined one by one.
    """)
    return


@app.cell(hide_code=True)
def _():
    round_question = choice(
        "**One round, with more and more weak labels. The new prior ...**",
        [
            "tends to the target prior",
            "goes part of the way from the source prior, and stops there",
            "stays at the source prior",
        ],
    )
    round_question
    return (round_question,)


@app.cell
def _(round_question):
    wait_for(round_question)
    mixed = w2s.regression_task(8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0.1, 0.2, 0.3, 0.4])
    one_round = w2s.compare_priors(
        mixed, {f"n = {n}": w2s.IteratedRefinement(1, num_weak=n) for n in (50, 200, 1600)}, replicates=300
    )
    one_round[["estimator", "prior_tv", "prior_tv_se", "risk", "risk_se"]].round(4)
    return mixed, one_round


@app.cell(hide_code=True)
def _(mixed, one_round, round_question):
    _start = 0.5 * float(jnp.sum(jnp.abs(mixed.source.prior - mixed.target_prior)))
    _last = one_round.iloc[-1]
    Reveal(
        round_question.value,
        "goes part of the way from the source prior, and stops there",
        f"""The total variation from the target prior is {_start:.2f} at the start, and {_last["prior_tv"]:.3f} (standard error {_last["prior_tv_se"]:.1g}) after
    one round with {_last["sample_size"]} labels. More labels do not help: each answer was given under the old prior, and an average of biased answers is biased.""",
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Many rounds

    So ask again, under the new prior. The picture shows the paths of three data sets on the triangle of three concepts.
    """)
    return


@app.cell(hide_code=True)
def _():
    num_rounds = mo.ui.slider(1, 40, 1, value=1, label="rounds $T$", show_value=True)
    num_pairs = mo.ui.slider(steps=[20, 100, 500, 2500], value=500, label="weak labels $n$", show_value=True)
    pair_bias = mo.ui.slider(0.0, 1.4, 0.1, value=0.0, label="bias $\\kappa$", show_value=True)
    pair_noise = mo.ui.slider(0.1, 1.0, 0.1, value=0.5, label="noise $\\sigma=\\sigma'$", show_value=True)
    row(num_rounds, num_pairs, pair_bias, pair_noise)
    return num_pairs, num_rounds, pair_bias, pair_noise


@app.cell(hide_code=True)
def _(num_pairs, num_rounds, pair_bias, pair_noise):
    _source, _target = [0.7, 0.2, 0.1], [0.1, 0.3, 0.6]
    _task = w2s.regression_task(
        6, 3, source_prior=_source, target_prior=_target, noise=pair_noise.value, bias=pair_bias.value
    )
    _corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    _size = num_pairs.value
    with drawing(height=3.3) as (_figure, _axes):
        _axes.fill(*_corners.T, facecolor="none", edgecolor=GREY, linewidth=1)
        for _seed in range(3):
            _data = _task.sample_weak(_size, key=jax.random.key(_seed))
            _likelihood = _task.source.log_likelihood(_data.inputs, _data.labels)
            _path = paths_of_priors(_task.source.prior, _likelihood, jnp.full(_size, 1.0 / _size), 40)
            _axes.plot(
                *(np.asarray(_path)[: num_rounds.value + 1] @ _corners).T,
                color=PURPLE,
                marker="D",
                markersize=3,
                linewidth=1,
            )
        for _name, _prior, _colour, _marker in (
            ("source", _source, ORANGE, "s"),
            ("target", _target, GREEN, "*"),
        ):
            _place = tuple(np.array(_prior) @ _corners)
            _axes.plot(*_place, color=_colour, marker=_marker, markersize=9, linestyle="none")
            _axes.annotate(_name, _place, xytext=(8, -9), textcoords="offset points")
        for _number, _corner in enumerate(_corners, 1):
            _shift = (0, 6) if _number == 3 else (0, -13)
            _axes.annotate(
                f"concept {_number}", tuple(_corner), xytext=_shift, textcoords="offset points", ha="center"
            )
        _axes.set_aspect("equal")
        _axes.set_axis_off()
        _axes.margins(0.12)
    Picture(
        _figure,
        f"""*Priors after {num_rounds.value} rounds (diamonds) with {_size} weak labels. With no bias and many labels the paths end at the target. Where do they end with a bias?*""",
        "Paths of priors in a triangle, from the source prior towards the target prior.",
    )
    return


@app.cell(hide_code=True)
def _():
    few_question = choice(
        "**Back to four concepts, with a bias $\\kappa=0.7$, and only 20 weak labels. Which number of rounds gives the smallest risk?**",
        ["1 round", "5 rounds", "100 rounds"],
    )
    few_question
    return (few_question,)


@app.cell
def _(few_question, mixed):
    wait_for(few_question)
    rounds = (1, 2, 5, 20, 100)
    by_rounds = {
        n: w2s.compare_priors(
            mixed,
            {f"{number} rounds": w2s.IteratedRefinement(number, num_weak=n) for number in rounds},
            replicates=1000,
            baseline="5 rounds",
        )
        for n in (20, 200)
    }
    return by_rounds, rounds


@app.cell(hide_code=True)
def _(by_rounds, few_question, rounds):
    with drawing() as (_figure, _axes):
        for (_size, _table), _look in zip(by_rounds.items(), SERIES, strict=False):
            draw_means(_axes, _look, _table.assign(rounds=rounds), "rounds", "risk", f"$n={_size}$")
        _axes.set_xscale("log")
        _axes.set_xticks(rounds, [str(number) for number in rounds])
        _axes.minorticks_off()
        _axes.set_ylim(bottom=0)
        _axes.set_xlabel("rounds, $T$")
        _axes.set_ylabel("excess risk")
        _axes.legend()
    _few = by_rounds[20].set_index("estimator")
    _choices = {
        name: float(_few.loc[label, "risk"])
        for name, label in (("1 round", "1 rounds"), ("5 rounds", "5 rounds"), ("100 rounds", "100 rounds"))
    }
    _more = _few.loc["100 rounds"]
    row(
        Picture(
            _figure, f"*Excess risk after $T$ rounds. {BARS}*", "Risk against rounds, for 20 and 200 labels."
        ),
        Reveal(
            few_question.value,
            min(_choices, key=lambda name: _choices[name]),
            f"""With 20 labels, 100 rounds cost {_more["risk_difference"]:.4f} (standard error {_more["risk_difference_se"]:.1g}, on the same draws) more than 5. Rounds do two things: they undo the pull of
    the old prior, and they fit the accidents of the sample. With few labels it pays to stop early, with many it makes no difference. Early stopping is a prior, too.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## It is expectation-maximisation

    The model of the weak labels is a mixture $Q'_\alpha=\sum_k\alpha_kp_k$ with known parts and unknown weights. A round computes, for each label, the chances of the parts
    (expectation), and then the best weights for them (maximisation): the **EM algorithm**. Let $Q'$ be the true law of the weak labels and $f_t$ the *misfit*
    $\mathrm{{KL}}(Q'\,\Vert\,Q'_{{\alpha_t}})$ after $t$ rounds. Two facts give its speed.

    **A round makes progress.** Because $\alpha_{{t+1,k}}/\alpha_{{t,k}}=\mathbb{{E}}_{{Q'}}[p_k/Q'_{{\alpha_t}}]$ and the logarithm is concave,

    $$\mathrm{{KL}}(\alpha^Q\Vert\alpha_t)-\mathrm{{KL}}(\alpha^Q\Vert\alpha_{{t+1}})\ \ge\ f_t .$$

    **The misfit never grows**, so the $T$-th is at most the mean of the first $T+1$. Add up: the left sides telescope, and

    $$f_T\ \le\ \frac{{\mathrm{{KL}}(\alpha^Q\,\Vert\,\alpha^P)}}{{T+1}} .$$

    The proof is that of {page("em-refinement")}. The first fact needs $Q'=\sum_k\alpha^Q_kp_k$: *the strong model's concepts must be a right model of the weak labels*.
    Below, concepts are tables of probabilities, so that everything is a finite sum and nothing is sampled. The weak model replaces a share of its labels by random ones.
    """)
    return


@app.cell(hide_code=True)
def _():
    channel_question = choice(
        "**A fifth of the weak labels are replaced by random ones, and the strong model does not know. As $T$ grows, the misfit ...**",
        [
            "falls below the bound all the same: EM finds the best weights",
            "falls, and levels off above zero, where the bound goes through it",
            "grows: EM diverges on wrong labels",
        ],
    )
    channel_question
    return (channel_question,)


@app.cell
def _(channel_question):
    wait_for(channel_question)
    steps = np.arange(65)
    right_channel = refinement_path(table_task([0.0, 0.3, 0.7]), 64)
    wrong_channel = refinement_path(table_task([0.0, 0.3, 0.7], share=0.2), 64)
    promised = float(right_channel.to_target[0]) / (steps + 1)
    return promised, right_channel, steps, wrong_channel


@app.cell(hide_code=True)
def _(channel_question, promised, right_channel, steps, wrong_channel):
    with drawing() as (_figure, _axes):
        draw_line(_axes, UPPER_BOUND, steps + 1, promised, "bound")
        _axes.plot(steps + 1, right_channel.to_weak_law, color=PURPLE, label="labels as the model thinks")
        _axes.plot(steps + 1, wrong_channel.to_weak_law, color=GREY, linestyle="--", label="a fifth random")
        _axes.set_xscale("log")
        _axes.set_yscale("log")
        _axes.set_xlabel("rounds and one, $T+1$")
        _axes.set_ylabel("misfit (nats)")
        _axes.legend()
    _crossed = int(np.argmax(np.asarray(wrong_channel.to_weak_law) > promised))
    row(
        Picture(
            _figure, "*Misfit after $T$ rounds, computed exactly.*", "Misfits against rounds, with the bound."
        ),
        Reveal(
            channel_question.value,
            "falls, and levels off above zero, where the bound goes through it",
            f"""The wrong channel's misfit levels off at {float(wrong_channel.to_weak_law[-1]):.3f} nats, and crosses the bound of the right one after {_crossed} rounds; the right channel's is
    {float(right_channel.to_weak_law[-1]):.2g} by then. EM explains random labels as well as it can, by weight on concepts that nobody wanted: the best *account of the labels* is not the
    best *prior*. An estimator that knows or estimates the channel avoids this.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    Estimators that know the weak channel, or estimate it together with the prior, are compared in {page("prior-transfer")}: maximum likelihood with the weak model's own concepts, an unknown orthogonal bias, an
    unknown share of random labels, projection on the hull of concepts. {page("bayesian-transfer")} computes how certain the data make the prior.

    ## Exercises

    **Exercise 1.** Write one round. `log_likelihood` has one row per weak pair and one column per concept: $\log p_k(y'_i\mid x_i)$.
    """)
    return


@app.cell(hide_code=True)
def _():
    round_editor = editor("def one_round(prior, log_likelihood):\n    return prior\n")
    round_editor
    return (round_editor,)


@app.cell(hide_code=True)
def _(round_editor):
    check_when_submitted(round_editor.value, check_one_round)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 2.** Write an upper bound on the misfit after $T$ rounds, from the two priors. It is compared with exact misfits; it must be within a factor of ten somewhere, and be refuted
    where the strong model is a wrong model of the weak labels.
    """)
    return


@app.cell(hide_code=True)
def _():
    misfit_editor = editor("def misfit_bound(target_prior, source_prior, rounds):\n    return 1.0\n")
    misfit_editor
    return (misfit_editor,)


@app.cell(hide_code=True)
def _(misfit_editor):
    check_when_submitted(misfit_editor.value, check_misfit_bound)
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## What to take along

    * Labels read one by one move the prior part of the way; to go on, ask again under the new prior. That is EM.
    * The misfit after $T$ rounds is at most $\mathrm{{KL}}(\alpha^Q\Vert\alpha^P)/(T+1)$, if the strong model's concepts are a right model of the weak labels.
    * If they are not, more rounds give a better account of the labels, not a better prior.

    **Further:** {page("hull-misfit")} on what a projection gains; {page("grouped-transfer")} on contexts that share a concept.
    """)
    return


if __name__ == "__main__":
    app.run()
