"""When refinement fails: cells, mixtures, and no free lunch.

Which weak models can a strong model not learn from, and can it know?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="4. When refinement fails: cells, mixtures, and no free lunch")

with app.setup:
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np
    import pandas as pd

    import w2s_sim as w2s
    from w2s_sim.plotting.looks import LABELLER, SERIES, WEAK_MODEL, draw_line
    from w2s_sim.plotting.style import BLACK, BLUE, GREY, ORANGE, SKY
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.failure_exercises import check_collapsed_risk, check_winner
    from w2s_sim.teaching.lesson_tasks import leaning
    from w2s_sim.teaching.pictures import BARS, Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, guess, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 4. When refinement fails: cells, mixtures, and no free lunch

    Lesson 3 was kind: the bias of the weak model pointed *across* the concepts, where it cannot be mistaken for one of them. A weak model that
    is careless in its own way is such a case. But a weak model can also err *towards* a wrong concept: it is asked for polite answers, and its answers are half
    polite and half evasive, and the strong model knows evasive answers very well.

    Let the weak version of the wanted concept lie on the way to the first concept,

    $$\beta'_\star=\beta_\star+t\,(\beta_1-\beta_\star),\qquad 0\le t\le1 .$$

    At $t=0$ the weak model shows the wanted concept, at $t=1$ it shows the wrong one.
    """)
    return


@app.cell(hide_code=True)
def _():
    lean_question = choice(
        "**The strong model reads many weak labels. How does its risk depend on the share $t$?**",
        [
            "it grows in proportion to t², as the error of the weak model does",
            "it stays 0 up to t = ½, and jumps to the risk of the wrong concept",
            "it stays 0 up to some t that depends on the prior, and then jumps",
        ],
    )
    lean_question
    return (lean_question,)


@app.cell
def _(lean_question):
    wait_for(lean_question)
    shares = [0.0, 0.2, 0.35, 0.45, 0.5, 0.55, 0.65, 0.8, 1.0]
    paths = {
        share: w2s.identification_errors(leaning(share, bias=0.0), up_to=256, replicates=512)
        for share in shares
    }
    return paths, shares


@app.cell(hide_code=True)
def _(lean_question, paths, shares):
    with drawing() as (_figure, _axes):
        for _look, _size in zip(SERIES, (4, 32, 256), strict=False):
            _rows = pd.DataFrame([paths[share].iloc[_size - 1] for share in shares]).assign(share=shares)
            draw_means(_axes, _look, _rows, "share", "risk", f"$n={_size}$")
        draw_line(
            _axes,
            WEAK_MODEL,
            shares,
            [float(leaning(share, bias=0.0).weak_risk) for share in shares],
            "weak model",
        )
        _axes.set_xlabel("share $t$ of the way to a wrong concept")
        _axes.set_ylabel("excess risk of the labeller")
        _axes.legend()
    _before, _after = (paths[share].iloc[-1] for share in (0.45, 0.55))
    row(
        Picture(
            _figure,
            f"*Excess risk after $n$ weak labels. {BARS}*",
            "With more labels the risk becomes a step at one half.",
        ),
        Reveal(
            lean_question.value,
            "it stays 0 up to t = ½, and jumps to the risk of the wrong concept",
            f"""With 256 labels the risk is {_before["risk"]:.2f} (standard error {_before["risk_se"]:.2f}) at $t=0.45$ and {_after["risk"]:.2f}
    (standard error {_after["risk_se"]:.2f}) at $t=0.55$. The prior decides for small $n$ only: log odds grow with $n$, and the prior is a constant in them.
    Inside, refinement removes an error of the weak model *completely*; outside, it makes it worse than it was.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## The Voronoi cell

    Per weak label, the log odds of a wrong concept change on average by

    $$\mathbb{{E}}\log\frac{{p_k}}{{p_\star}}=-\frac{{\delta^2}}{{2\sigma^2}}(1-2t)
    =\frac{{1}}{{2\sigma^2}}\Bigl(\lVert\beta'_\star-\beta_\star\rVert_\Sigma^2-\lVert\beta'_\star-\beta_k\rVert_\Sigma^2\Bigr).$$

    The posterior goes to the concept **nearest to the weak one**, in the length of $\Sigma$. Refinement succeeds if and only if the weak model's
    version lies in the *Voronoi cell* of the wanted concept ({page("voronoi-threshold")}). A likelihood that is wrong everywhere finds the least wrong: Berk knew this
    of Bayesian posteriors in 1966.

    Move the weak model through the plane of three concepts. The bars are the mean posterior after $n$ labels.
    """)
    return


@app.cell(hide_code=True)
def _():
    horizontal = mo.ui.slider(-1.5, 1.5, 0.1, value=0.2, label="weak model, horizontally", show_value=True)
    vertical = mo.ui.slider(-1.5, 1.5, 0.1, value=0.4, label="vertically", show_value=True)
    num_read = mo.ui.slider(steps=[1, 4, 16, 64, 256], value=16, label="labels read $n$", show_value=True)
    row(horizontal, vertical, num_read)
    return horizontal, num_read, vertical


@app.function(hide_code=True)
def posterior_of_context(key, case):
    """Read one context, and return the posterior. A function outside of the cell is compiled once, however the sliders move."""
    data = case.sample_weak(key=key)
    return jnp.exp(case.task.source.log_posterior(data.inputs, data.labels))


@app.cell(hide_code=True)
def _(horizontal, num_read, vertical):
    _concepts = np.array([[-1.0, -0.5], [1.0, -0.5], [0.0, 1.0]])
    _weak = np.array([horizontal.value, vertical.value])
    _task = w2s.regression_task(
        2,
        3,
        source_prior=[0.4, 0.4, 0.2],
        target_prior=[0, 0, 1],
        concepts=_concepts,
        noise=1.0,
        supervisor=w2s.RegressionSupervisor(np.stack([_concepts[0], _concepts[1], _weak]), 1.0),
    )
    _posteriors = w2s.replicate(
        posterior_of_context,
        w2s.Case("cells", _task, w2s.InContext(num_read.value)),
        seed=0,
        start=0,
        stop=512,
    )
    _mean, _error = _posteriors.mean(axis=0), _posteriors.std(axis=0, ddof=1) / len(_posteriors) ** 0.5
    _grid = np.linspace(-1.7, 1.7, 171)
    _across, _up = np.meshgrid(_grid, _grid)
    _nearest = np.argmin(
        (_across[..., None] - _concepts[:, 0]) ** 2 + (_up[..., None] - _concepts[:, 1]) ** 2, axis=-1
    )
    with drawing(height=3.2) as (_cells, _axes):
        _axes.contourf(_across, _up, _nearest == 2, levels=[0.5, 1.5], colors=[SKY], alpha=0.3)
        _axes.contour(_across, _up, _nearest == 2, levels=[0.5], colors=[BLUE], linewidths=1)
        for _number, _place in enumerate(_concepts, 1):
            _axes.plot(*_place, color=BLACK, marker="o")
            _axes.annotate(f"concept {_number}", tuple(_place), xytext=(5, 5), textcoords="offset points")
        _axes.plot(*_weak, color=ORANGE, marker=WEAK_MODEL.marker, markersize=10)
        _axes.annotate("weak", tuple(_weak), xytext=(7, -9), textcoords="offset points")
        _axes.set_aspect("equal")
        _axes.set_xlabel("first coefficient")
        _axes.set_ylabel("second coefficient")
    with drawing(height=3.2) as (_bars, _axes):
        _axes.bar([1, 2, 3], _mean, yerr=2 * _error, color=[GREY, GREY, BLUE], width=0.6, capsize=3)
        _axes.set_xticks([1, 2, 3], ["concept 1", "concept 2", "concept 3\n(wanted)"])
        _axes.set_ylim(0, 1.05)
        _axes.set_ylabel("mean posterior")
    row(
        Picture(
            _cells,
            "*Shaded: the cell of the wanted concept 3.*",
            "Three concepts in a plane, the cell of the wanted one shaded, and the weak model.",
        ),
        Picture(
            _bars,
            f"*Means over {len(_posteriors)} contexts of {num_read.value} labels. {BARS}*",
            "Mean posterior of each of the three concepts.",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    more_question = choice(
        "**The weak model leans to concept 1 with $t=0.6$, and the source prior favours the wanted concept, with 0.7. Is it better to show 4 weak labels, or 64?**",
        [
            "64: more data are always better for a Bayesian",
            "4: every further label makes it worse",
            "it makes no difference",
        ],
    )
    more_question
    return (more_question,)


@app.cell
def _(more_question):
    wait_for(more_question)
    hurt = w2s.identification_errors(
        leaning(0.6, bias=0.0, source_prior=[0.1, 0.1, 0.1, 0.7]), up_to=64, replicates=4096
    )
    _few, _many = hurt.iloc[3], hurt.iloc[63]
    Reveal(
        more_question.value,
        "4: every further label makes it worse"
        if _few["risk"] < _many["risk"]
        else "64: more data are always better for a Bayesian",
        f"""After 4 labels the risk is {_few["risk"]:.3f} (standard error {_few["risk_se"]:.3f}), after 64 it is {_many["risk"]:.3f} (standard error
    {_many["risk_se"]:.3f}). More data are better for a Bayesian *whose model is right*. This one grows certain of the wrong concept.""",
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Mixtures collapse

    So far one concept was wanted. Let now 65% of the answers be wanted in the fourth style and 35% in the first, $\alpha^Q=(0.35,0,0,0.65)$; each weak
    label shows one of the two, and there is no bias. The target predictor is $\beta_Q=0.35\,\beta_1+0.65\,\beta_4$.
    """)
    return


@app.cell(hide_code=True)
def _():
    mixture_question = choice(
        "**The strong model reads many such labels in one context. What does its prediction tend to?**",
        [
            "the mixture that is wanted: its posterior becomes the target prior",
            "the fourth concept alone",
            "what it predicted before: the labels contradict each other",
        ],
    )
    mixture_question
    return (mixture_question,)


@app.cell
def _(mixture_question):
    wait_for(mixture_question)
    mixture = w2s.regression_task(
        8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0.35, 0, 0, 0.65], bias=0.0
    )
    scattered = w2s.identification_errors(mixture, up_to=128, replicates=2048)
    alone = float(mixture.excess_risk(w2s.LinearStudent(mixture.source.vectors[3])))
    return alone, mixture, scattered


@app.cell(hide_code=True)
def _(alone, mixture_question, scattered):
    with drawing() as (_figure, _axes):
        _rows = scattered[scattered["n"].isin([1, 2, 4, 8, 16, 32, 64, 128])]
        draw_means(_axes, LABELLER, _rows, "n", "risk", "labeller")
        _axes.axhline(alone, color=GREY, linestyle=":")
        _axes.annotate(
            "fourth concept alone", (128, alone), xytext=(0, -11), textcoords="offset points", ha="right"
        )
        _axes.set_xscale("log", base=2)
        _axes.set_xticks(_rows["n"], [str(n) for n in _rows["n"]])
        _axes.set_ylim(bottom=0)
        _axes.set_xlabel("weak labels read, $n$")
        _axes.set_ylabel("excess risk")
    _last = scattered.iloc[-1]
    row(
        Picture(
            _figure, f"*Excess risk for a target of two concepts. {BARS}*", "The risk levels off above zero."
        ),
        Reveal(
            mixture_question.value,
            "the fourth concept alone",
            f"""After {int(_last["n"])} labels the risk is {_last["risk"]:.3f} (standard error {_last["risk_se"]:.3f}); that of the fourth concept alone is
    {alone:.3f}. The model believes that all examples of a context show *one* concept. The concept nearest to $\\beta'_Q$ wins, and all others die out
    exponentially, although they were shown. The refined student has a clear style, and it is not what was asked for.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    {page("mixture-collapse")} proves it. There is a remedy in the *data*: if all examples of a context show the same concept, each context finds its own, and
    the average over contexts recovers the whole target prior ({page("grouped-transfer")}). Lesson 5 shows a remedy in the *method*.

    ## No free lunch

    Can the strong model notice that it is being led astray? Take two worlds. In the first, the wanted concept is $\beta_4$ and the weak model errs by $\kappa u$. In the
    second, what is wanted is $\beta_4+2\kappa u$, and the weak model errs by $-\kappa u$. In both it shows $\beta_4+\kappa u$: **the weak data have the same law**.
    """)
    return


@app.cell(hide_code=True)
def _():
    world_question = guess(
        "**$\\kappa=0.7$. With 16 labels, refinement has a risk of almost 0 in the first world. What is its risk in the second?**",
        0,
        4,
    )
    world_question
    return (world_question,)


@app.cell
def _(world_question):
    wait_for(world_question)
    first_world = w2s.canonical_task()
    second_world = w2s.ShiftedTarget(
        first_world.features,
        first_world.source,
        first_world.target_prior,
        first_world.supervisor,
        2 * (first_world.weak_vector - first_world.target_vector),
    )
    methods = {"refined labeller": w2s.InContext(16), "least squares": w2s.LeastSquares(num_weak=200)}
    worlds = [w2s.compare(world, methods, replicates=1000) for world in (first_world, second_world)]
    _rows = [table.set_index("estimator").loc["refined labeller"] for table in worlds]
    Reveal(
        world_question.value,
        float(_rows[1]["risk"]),
        f"""In the first world the refined labeller has the risk {_rows[0]["risk"]:.3f} (standard error {_rows[0]["risk_se"]:.1g}), in the second {_rows[1]["risk"]:.3f}
    (standard error {_rows[1]["risk_se"]:.1g}), about $4\\kappa^2$. Least squares has {worlds[0]["risk"].iloc[1]:.3f} and {worlds[1]["risk"].iloc[1]:.3f}, the error of the weak
    model in both. Whatever a method does, it does the same in both worlds: by the parallelogram law its two risks average to at least $\\kappa^2$.""",
        factor=1.2,
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    What refinement gains in the world that its concepts describe, it loses in the other ({page("no-free-lunch")}). It beats the weak model by *knowing concepts*, and if it knows
    the wrong ones, no data will tell. Weak-to-strong generalization is a bet that pre-training has taught the strong model the right concepts.

    ## Exercises

    **Exercise 1.** Which concept does the posterior settle on? Return its index (from 0), given the weak model's vector, the strong model's concepts (rows) and the covariance of
    the features. The check reads 400 labels and demands at least 0.9 of the posterior there, on tasks with equal and unequal variances.
    """)
    return


@app.cell(hide_code=True)
def _():
    winner_editor = editor("def winner(weak_vector, vectors, covariance):\n    return 2  # the wanted one\n")
    winner_editor
    return (winner_editor,)


@app.cell(hide_code=True)
def _(winner_editor):
    check_when_submitted(winner_editor.value, check_winner)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 2.** Write the risk that a collapse leaves, for isotropic features: given the strong model's concepts, the weak model's versions of them and the target prior. Mind that the winner need not
    be the concept of the largest target weight.
    """)
    return


@app.cell(hide_code=True)
def _():
    collapse_editor = editor("def collapsed_risk(vectors, weak_vectors, target_prior):\n    return 0.0\n")
    collapse_editor
    return (collapse_editor,)


@app.cell(hide_code=True)
def _(collapse_editor):
    check_when_submitted(collapse_editor.value, check_collapsed_risk)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## What to take along

    * The posterior settles on the concept nearest to the weak model. Inside the cell of the wanted concept every error is repaired, outside it is completed.
    * One context finds one concept. A mixture of concepts collapses.
    * Whether the concepts are the right ones cannot be seen from weak data.
    """)
    return


if __name__ == "__main__":
    app.run()
