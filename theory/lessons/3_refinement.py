"""Refinement: weak labels read as evidence.

How can a strong model learn from wrong labels without learning what is wrong in them?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="3. Refinement: weak labels read as evidence")

with app.setup:
    import marimo as mo
    import numpy as np

    import w2s_sim as w2s
    from w2s_sim.plotting.looks import FLOOR, LABELLER, UPPER_BOUND, draw_line
    from w2s_sim.plotting.ticks import set_plain_ticks
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.labeller_exercises import check_labeller, check_upper_bound
    from w2s_sim.teaching.pictures import BARS, Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, guess, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 3. Refinement: weak labels read as evidence

    Lesson 2 ended with a floor: whoever *fits* the weak labels inherits their bias. But the strong model of lesson 1 has a
    second way to use examples. It can *read* them, and ask which of its concepts they show.

    **Refinement** has two steps.

    1. The strong model reads $n$ weak pairs in context, and has the posterior $\pi_n$ over its concepts. With it, it labels inputs
       as $\beta_{\mathrm{ref}}=\sum_k\pi_n(k)\beta_k$ would. Call it the **labeller**.
    2. Draw labels of $N$ further inputs from the labeller, and fine-tune the student on *these*.

    The weak labels are never imitated. They serve as evidence, and then are thrown away.

    Is that allowed? The strong model believes that labels are $\beta_k^\top x$ plus noise of size $\sigma$. The weak labels are not:
    they are $(\beta_{k^\star}+\kappa u)^\top x$ plus noise of size $\sigma'$. Its likelihood is *wrong*, and its error does not average out.
    """)
    return


@app.cell
def _():
    task = w2s.canonical_task()
    return (task,)


@app.cell(hide_code=True)
def _():
    wrong_likelihood = choice(
        "**The weak labels of the running example have a bias $\\kappa=0.7$, orthogonal to all concepts. The strong model reads more and more of "
        "them. Its posterior mass on the wanted concept tends to ...**",
        [
            "1: it becomes certain of the wanted concept",
            "some value between 0 and 1, because the labels fit none of its concepts",
            "0: the bias adds up with every label, and leads it astray",
        ],
    )
    wrong_likelihood
    return (wrong_likelihood,)


@app.cell
def _(task, wrong_likelihood):
    wait_for(wrong_likelihood)
    errors = w2s.identification_errors(task, up_to=32, replicates=8192)
    errors.iloc[[0, 1, 3, 7, 15, 31]][["n", "mass_off_target", "mass_off_target_se", "misidentified"]].round(
        5
    )
    return (errors,)


@app.cell(hide_code=True)
def _(errors, wrong_likelihood):
    _last = errors.iloc[-1]
    Reveal(
        wrong_likelihood.value,
        "1: it becomes certain of the wanted concept",
        f"""After {int(_last["n"])} weak labels the mass elsewhere is {_last["mass_off_target"]:.2g} (standard error
    {_last["mass_off_target_se"]:.1g}). None of the labels was right on average, and the model is sure, and right.""",
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## Why the bias does not matter

    Write $\Delta=\beta_k-\beta_\star$ for the difference of a wrong concept and the wanted one, $\delta=\lVert\Delta\rVert$, and
    $e=y'-\beta_\star^\top x$ for the error of a weak label. One example changes the log odds of $k$ by

    $$\log\frac{{p_k(y'\mid x)}}{{p_\star(y'\mid x)}}=\frac{{1}}{{\sigma^2}}\Bigl(e\,\Delta^\top x-\tfrac12(\Delta^\top x)^2\Bigr).$$

    Take the mean. The first term has the mean $\kappa\,u^\top\Delta$, and that is **zero**, since $u$ is orthogonal to all concepts. The
    second has the mean $-\delta^2/2$. So the odds fall, at the same speed as without bias! What the bias changes is the *spread* about the
    mean: given $\Delta^\top x$ the error $e$ is normal with variance

    $$q=\sigma'^2+\kappa^2 .$$

    **A bias across the concepts acts as additional noise, and noise averages out.** How often does it win nevertheless? For $0\le s\le1$
    the posterior of $k$ is at most $\min(1,r_k)\le r_k^s$ with the odds $r_k$, and the odds are a product over independent examples. So

    $$\mathbb{{E}}[1-\pi_n(k^\star)]\le\sum_{{k\ne k^\star}}\Bigl(\frac{{\alpha^P_k}}{{\alpha^P_\star}}\Bigr)^{{s}}m_k(s)^n,\qquad
    m_k(s)=\mathbb{{E}}\Bigl[\Bigl(\frac{{p_k}}{{p_\star}}\Bigr)^s\Bigr]
    =\bigl(1+\varrho\delta^2-\varrho^2\delta^2q\bigr)^{{-1/2}},\quad\varrho=\frac s{{\sigma^2}} .$$

    The mean over $e$ is that of a log-normal variable, the mean over $x$ a Gaussian integral. Where $\varrho=1/(2q)$ is allowed,
    $m_k=(1+\delta^2/4q)^{{-1/2}}$. This is Chernoff's method; {page("concept-identification")} has the proof, with a constant that is up to twice as good, and
    {page("identification-rate")} shows that the exponent is the true one.

    ## Play with it

    Left: the posterior mass off the wanted concept, with its bound. Right: the excess risk of the labeller, with the floor of
    fine-tuning from lesson 2, which no number of labels gets below.
    """)
    return


@app.cell(hide_code=True)
def _():
    bias = mo.ui.slider(0.0, 2.0, 0.1, value=0.7, label="bias $\\kappa$", show_value=True)
    weak_noise = mo.ui.slider(0.1, 2.0, 0.1, value=0.5, label="weak noise $\\sigma'$", show_value=True)
    wanted_prior = mo.ui.slider(
        0.02, 0.5, 0.02, value=0.1, label="prior of the wanted concept", show_value=True
    )
    row(bias, weak_noise, wanted_prior)
    return bias, wanted_prior, weak_noise


@app.cell(hide_code=True)
def _(task):
    crossing_question = guess(
        f"**In the running example the floor of fine-tuning is $F={float(w2s.naive_floor(task)):.3f}$. How many weak labels does the labeller have to read to get below it?**",
        1,
        100,
    )
    crossing_question
    return (crossing_question,)


@app.cell
def _(bias, crossing_question, wanted_prior, weak_noise):
    wait_for(crossing_question)
    _others = np.array([0.5, 0.25, 0.15]) * (1 - wanted_prior.value) / 0.9
    played_task = w2s.regression_task(
        8,
        4,
        source_prior=[*_others, wanted_prior.value],
        target_prior=[0, 0, 0, 1],
        bias=bias.value,
        weak_noise=weak_noise.value,
    )
    played = w2s.identification_errors(played_task, up_to=20, replicates=4096)
    shown_sizes = [1, 2, 4, 6, 8, 12, 16, 20]
    bounds = [float(w2s.identification_bound(played_task, n)) for n in shown_sizes]
    return bounds, played, played_task, shown_sizes


@app.cell(hide_code=True)
def _(bounds, played, played_task, shown_sizes):
    _floor = float(w2s.naive_floor(played_task))
    _rows = played[played["n"].isin(shown_sizes)]
    with drawing() as (_mass, _axes):
        draw_means(_axes, LABELLER, _rows, "n", "mass_off_target", "simulated")
        draw_line(_axes, UPPER_BOUND, shown_sizes, bounds, "upper bound")
        _axes.set_yscale("log")
        set_plain_ticks(_axes.yaxis)
        _axes.set_xlabel("weak labels read, $n$")
        _axes.set_ylabel(r"$\mathbb{E}[1-\pi_n(k^\star)]$")
        _axes.legend()
    with drawing() as (_risk, _axes):
        draw_means(_axes, LABELLER, _rows, "n", "risk", "labeller")
        draw_line(_axes, FLOOR, [1, 20], [_floor, _floor], "floor of fine-tuning")
        _axes.set_yscale("log")
        set_plain_ticks(_axes.yaxis)
        _axes.set_xlabel("weak labels read, $n$")
        _axes.set_ylabel("excess risk")
        _axes.legend()
    _contexts = int(played["replicates"].iloc[0])
    row(
        Picture(
            _mass,
            f"*Means over {_contexts} contexts. {BARS} A bound above 1 says nothing.*",
            "The posterior mass off the wanted concept falls exponentially below its upper bound.",
        ),
        Picture(
            _risk,
            f"*The floor is {_floor:.3f}. {BARS}*",
            "The risk of the labeller falls through the floor of fine-tuning.",
        ),
    )
    return


@app.cell(hide_code=True)
def _(crossing_question, errors, task):
    _floor = float(w2s.naive_floor(task))
    _first = errors[errors["risk"] + 2 * errors["risk_se"] < _floor].iloc[0]
    Reveal(
        crossing_question.value,
        float(_first["n"]),
        f"""After {int(_first["n"])} labels the labeller's risk is {_first["risk"]:.3f} (standard error {_first["risk_se"]:.3f}), below
    {_floor:.3f}. Fine-tuning does not get there with millions. Now turn $\\kappa$ up: the floor rises towards $a^2$, and refinement becomes slower, but it
    still arrives, since $m_k<1$ for every $\\kappa$.""",
        factor=1.6,
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## The student

    A labeller that needs its context at every question is not yet a fine-tuned model. The second step makes one: $N$ labels drawn from the labeller, and least squares
    on them. The student pays for what is left of the labeller's doubts, and for the noise of the new labels:

    $$\mathbb{E}\,R\;\lesssim\;\varepsilon_n\,\max_k\lVert\beta_k-\beta_\star\rVert^2+\sigma^2\frac{d}{N-d-1},$$

    with the identification bound $\varepsilon_n$. No term contains $\kappa$ alone: the bias is gone. A fair comparison gives both methods the same
    76 weak pairs. Fine-tuning uses all of them. Refinement reads 16, and uses the other 60 only as *inputs*.
    """)
    return


@app.cell(hide_code=True)
def _():
    factor_question = guess(
        "**Ridge to the source with a good penalty, against refinement, on the same 76 weak pairs. By what factor is the risk of the refined student smaller?**",
        1,
        100,
    )
    factor_question
    return (factor_question,)


@app.cell
def _(factor_question, task):
    wait_for(factor_question)
    comparison = w2s.compare(
        task,
        {
            "naive": w2s.Ridge(0.4, num_weak=76),
            "refined": w2s.Refinement(16, w2s.LeastSquares(num_weak=60)),
            "oracle": w2s.Oracle([0, 0, 0, 1]),
        },
        replicates=4000,
        baseline="naive",
        draws="reduced",
    )
    comparison[["estimator", "risk", "risk_se", "pgr"]].round(4)
    return (comparison,)


@app.cell(hide_code=True)
def _(comparison, factor_question):
    _rows = comparison.set_index("estimator")
    Reveal(
        factor_question.value,
        float(_rows.loc["naive", "risk"] / _rows.loc["refined", "risk"]),
        f"""The naive student has the risk {_rows.loc["naive", "risk"]:.3f} (standard error {_rows.loc["naive", "risk_se"]:.1g}), the refined one
    {_rows.loc["refined", "risk"]:.3f} (standard error {_rows.loc["refined", "risk_se"]:.1g}). In the last column is the *performance gap recovered*: 0 for the weak model's
    own risk, 1 for a student without excess risk. What keeps the refined student from 1 is mostly the noise of its 60 labels.""",
        factor=1.7,
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Exercises

    **Exercise 1.** Write the labeller: return the coefficients $\beta_{\mathrm{ref}}$, a vector of $d$ numbers, from $n$ weak pairs. Your function is
    run on simulated weak data ($n=16$). Its mean risk must be at most *half the floor of fine-tuning* on three tasks, and must not be so where the weak
    model leans far to a wrong concept.
    """)
    return


@app.cell(hide_code=True)
def _():
    labeller_editor = editor(
        "def labeller(prior, vectors, noise, inputs, labels):\n    return prior @ vectors\n"
    )
    labeller_editor
    return (labeller_editor,)


@app.cell(hide_code=True)
def _(labeller_editor):
    check_when_submitted(labeller_editor.value, check_labeller)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 2.** Write an upper bound on $\mathbb{E}[1-\pi_n(k^\star)]$, for a bias orthogonal to all concepts. You get the prior odds
    $\alpha^P_k/\alpha^P_\star$ and squared distances $\delta_k^2$ of the wrong concepts, as arrays, the noises and $\kappa$, and $n$. It has to hold, to be below 1 somewhere, to be
    within a factor of ten of the truth somewhere, and to fail if the weak model leans to a wrong concept.
    """)
    return


@app.cell(hide_code=True)
def _():
    upper_editor = editor(
        "def upper_bound(prior_odds, delta_squared, noise, weak_noise, kappa, n):\n    return 1.0\n"
    )
    upper_editor
    return (upper_editor,)


@app.cell(hide_code=True)
def _(upper_editor):
    check_when_submitted(upper_editor.value, check_upper_bound)
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## What to take along

    * Read as evidence, weak labels identify the wanted concept exponentially fast; a bias across the concepts is only noise.
    * The refined student falls below the floor that no fine-tuning passes, on the same data.
    * The knowledge that makes the difference is the set of *concepts*, which fine-tuning does not use.

    **Further:** {page("refinement-risk")} bounds the risk of the student, with explicit sizes from which on it beats fine-tuning;
    {page("continuum-floor")} shows that refinement under a prior over *all* regression vectors gains nothing: few concepts are the point.
    """)
    return


if __name__ == "__main__":
    app.run()
