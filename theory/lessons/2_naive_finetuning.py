"""Naive fine-tuning: why fitting the weak labels is not enough.

Can more weak labels, or a better penalty, make fine-tuning as good as the strong model could be?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="2. Naive fine-tuning: why fitting the weak labels is not enough")

with app.setup:
    import marimo as mo
    import numpy as np

    import w2s_sim as w2s
    from w2s_sim.plotting.looks import FLOOR, NAIVE, SERIES, SOURCE, WEAK_MODEL, draw_line
    from w2s_sim.plotting.style import BLACK, GREY, ORANGE
    from w2s_sim.plotting.ticks import set_plain_ticks
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.finetuning_exercises import (
        check_least_squares_risk,
        check_lower_bound,
    )
    from w2s_sim.teaching.pictures import BARS, Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, guess, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 2. Naive fine-tuning: why fitting the weak labels is not enough

    The obvious way to use weak labels is to train on them. Take the strong model, which predicts with $\beta_P$, and fit
    it to $n$ pairs $(x_i,y'_i)$ that the weak model has labelled. Nobody fits without restraint: one stops early, or
    penalises the distance from the start. **Ridge to the source** does the latter,

    $$\hat b_\eta=\operatorname*{argmin}_b\ \frac1n\sum_{i\le n}(y'_i-b^\top x_i)^2+\eta\lVert b-\beta_P\rVert^2 .$$

    With $\eta=0$ it is least squares, with $\eta=\infty$ the student stays at the source. In between lies a hope:
    *perhaps the student takes what is right in the weak labels and leaves what is wrong.*

    ## Two errors

    Seen from the target $\beta_Q$ there are two errors. The source errs by $\beta_P-\beta_Q$, with the risk
    $a^2=\lVert\beta_P-\beta_Q\rVert^2$; the weak model errs by $\beta'_Q-\beta_Q$, with $b^2=\lVert\beta'_Q-\beta_Q\rVert^2$.
    If one concept is wanted and the weak model has a bias $\kappa$ orthogonal to all concepts, then $b^2=\kappa^2$ and the
    two errors are orthogonal. The running example of lesson 1 has $\kappa=0.7$ and $\sigma'=0.5$.
    """)
    return


@app.cell
def _():
    task = w2s.canonical_task()
    return (task,)


@app.cell(hide_code=True)
def _():
    more_labels = choice(
        "**Least squares ($\\eta=0$), and a thousand times as many weak labels. What does its excess risk tend to?**",
        [
            "0: with enough labels the student learns the task",
            "the risk of the weak model, κ²",
            "the risk of the source, a²",
        ],
    )
    more_labels
    return (more_labels,)


@app.cell
def _(more_labels, task):
    wait_for(more_labels)
    sizes = (16, 64, 1024, 16_384)
    least_squares = w2s.finetuning_risk_path(
        task, {f"n = {n}": w2s.LeastSquares(num_weak=n) for n in sizes}, replicates=400
    )
    return (least_squares,)


@app.cell(hide_code=True)
def _(least_squares, more_labels, task):
    with drawing() as (_figure, _axes):
        draw_means(_axes, NAIVE, least_squares, "sample_size", "risk", "least squares")
        _axes.axhline(float(task.weak_risk), color=WEAK_MODEL.colour, linestyle=WEAK_MODEL.dashes)
        _axes.annotate(
            "weak model",
            (16_384, float(task.weak_risk)),
            xytext=(0, 5),
            textcoords="offset points",
            ha="right",
        )
        _axes.set_xscale("log")
        _axes.set_yscale("log")
        set_plain_ticks(_axes.xaxis)
        set_plain_ticks(_axes.yaxis)
        _axes.set_xlabel("weak labels, $n$")
        _axes.set_ylabel("excess risk")
        _axes.legend()
    _last = least_squares.iloc[-1]
    row(
        Picture(
            _figure,
            f"*Excess risk of least squares on weak labels. {BARS}*",
            "The risk of least squares falls to the risk of the weak model and stays there.",
        ),
        Reveal(
            more_labels.value,
            "the risk of the weak model, κ²",
            f"""With {_last["sample_size"]} labels the risk is {_last["risk"]:.4f} (standard error {_last["risk_se"]:.1g}); the
    weak model's own is {float(task.weak_risk):.4f}. Labels average their noise away, not their bias: the better the
    student fits, the more exactly it becomes the weak model. It started with a better idea of the concepts than its
    teacher, and has unlearned it.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Stop on the way

    So do not go all the way. On its way from $\beta_P$ to $\beta'_Q$ the student may pass the target more closely than
    either end. The picture shows the plane of the two errors, with the target at the origin: the source to the right, the weak
    model above. Each point is one student, fitted to weak labels of its own.
    """)
    return


@app.cell(hide_code=True)
def _():
    cloud_bias = mo.ui.slider(0.0, 1.4, 0.1, value=0.7, label="bias $\\kappa$", show_value=True)
    cloud_ridge = mo.ui.slider(
        steps=[0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 20.0],
        value=0.1,
        label="penalty $\\eta$",
        show_value=True,
    )
    cloud_size = mo.ui.slider(steps=[16, 64, 256, 1024], value=64, label="weak labels $n$", show_value=True)
    row(cloud_bias, cloud_ridge, cloud_size)
    return cloud_bias, cloud_ridge, cloud_size


@app.function(hide_code=True)
def error_of_student(key, case):
    """Fit one student, and return its distance from the target. A function outside of the cell is compiled once, however the sliders move."""
    return case.fit(key=key).coefficients - case.task.target_vector


@app.cell(hide_code=True)
def _(cloud_bias, cloud_ridge, cloud_size):
    _task = w2s.regression_task(
        8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0, 0, 0, 1], bias=cloud_bias.value
    )
    # The bias of the fourth concept points along the last feature.
    _source = np.asarray(_task.source_vector - _task.target_vector)
    _length = np.linalg.norm(_source)
    _frame = np.stack([_source / _length, np.eye(8)[7]], axis=1)
    _students = w2s.replicate(
        error_of_student,
        w2s.Case("cloud", _task, w2s.Ridge(cloud_ridge.value, num_weak=cloud_size.value)),
        seed=0,
        start=0,
        stop=256,
    )
    _plane, _risks = _students @ _frame, np.sum(_students**2, axis=1)
    with drawing(height=3.3) as (_figure, _axes):
        draw_line(_axes, FLOOR, [float(_length), 0.0], [0.0, cloud_bias.value])
        _axes.scatter(*_plane.T, s=7, color=ORANGE, alpha=0.35, linewidths=0)
        _axes.plot(*_plane.mean(axis=0), color=BLACK, marker="x", markersize=9, linestyle="none")
        for _name, _place, _marker in (
            (r"$\beta_Q$, wanted", (0, 0), "*"),
            (r"$\beta_P$, source", (_length, 0), SOURCE.marker),
            (r"$\beta'_Q$, weak", (0, cloud_bias.value), WEAK_MODEL.marker),
        ):
            _axes.plot(*_place, color=GREY, marker=_marker, markersize=9, linestyle="none")
            _axes.annotate(_name, _place, xytext=(6, 6), textcoords="offset points")
        _axes.set_xlim(-0.6, 1.7)
        _axes.set_ylim(-0.6, 1.7)
        _axes.set_aspect("equal")
        _axes.set_xlabel(r"along the error of the source")
        _axes.set_ylabel("along the bias")
    Picture(
        _figure,
        f"""*{len(_plane)} students (points), their mean (cross), and the segment from source to weak model (dashed). The mean
    excess risk is {_risks.mean():.3f} (standard error {_risks.std(ddof=1) / len(_risks) ** 0.5:.3f}); the segment's squared
    distance from the target is {float(w2s.naive_floor(_task)):.3f}. Move the penalty: where does the cross go?*""",
        "Students fitted to weak labels scatter about a point of the segment between source and weak model.",
    )
    return


@app.cell(hide_code=True)
def _(task):
    _a_squared = float(task.excess_risk(w2s.LinearStudent(task.source_vector)))
    best_penalty = guess(
        f"**$a^2={_a_squared:.3f}$, $\\kappa^2={float(task.weak_risk):.2f}$. You may choose any penalty, and have as many weak labels as you like. "
        "What is the smallest excess risk that you can reach?**",
        0,
        round(float(task.weak_risk), 2),
    )
    best_penalty
    return (best_penalty,)


@app.cell
def _(best_penalty, task):
    wait_for(best_penalty)
    ridges = np.geomspace(0.03, 10, 11).tolist()
    curves = {
        n: w2s.finetuning_risk_path(
            task, {f"{ridge:g}": w2s.Ridge(ridge, num_weak=n) for ridge in ridges}, replicates=400
        )
        for n in (20, 100, 2500)
    }
    floor = float(w2s.naive_floor(task))
    return curves, floor, ridges


@app.cell(hide_code=True)
def _(best_penalty, curves, floor, ridges):
    with drawing() as (_figure, _axes):
        for _look, (_size, _table) in zip(SERIES, curves.items(), strict=False):
            draw_means(_axes, _look, _table.assign(ridge=ridges), "ridge", "risk", f"$n={_size}$")
        draw_line(_axes, FLOOR, [ridges[0], ridges[-1]], [floor, floor], "floor $F$")
        _axes.set_xscale("log")
        set_plain_ticks(_axes.xaxis)
        _axes.set_xlabel(r"penalty, $\eta$")
        _axes.set_ylabel("excess risk")
        _axes.set_ylim(0, 1.2)
        _axes.legend()
    _best = min(
        (row for table in curves.values() for _, row in table.iterrows()), key=lambda row: row["risk"]
    )
    row(
        Picture(
            _figure,
            f"*Excess risk against the penalty. {BARS}*",
            "Three risk curves that approach a floor from above and never cross it.",
        ),
        Reveal(
            best_penalty.value,
            floor,
            rf"""The best of these students has the risk {_best["risk"]:.4f} (standard error {_best["risk_se"]:.1g}), at $n={_best["sample_size"]}$
    and $\eta={float(_best["estimator"]):.2g}$. The floor is the squared height of the right triangle with the legs $a$ and $\kappa$, $F=a^2\kappa^2/(a^2+\kappa^2)={floor:.4f}$.""",
            factor=1.1,
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## Why there is a floor

    The proof has three steps; {page("naive-floor")} gives it in full.

    **1. The student is a filter.** The gradient of the objective vanishes at
    $\hat b=\beta_P+h(S)\,X^\top(y'-X\beta_P)/n$, with $S=X^\top X/n$ and $h(\lambda)=1/(\lambda+\eta)$. Since
    $\mathbb{{E}}[y'\mid X]=X\beta'_Q$, its mean given the inputs is

    $$\mathbb{{E}}[\hat b\mid X]=\beta_P+M(\beta'_Q-\beta_P),\qquad M=h(S)S,$$

    and $M$ has eigenvalues $g(\lambda)=\lambda/(\lambda+\eta)$ between 0 and 1.

    **2. Symmetry.** If the features are isotropic and have the same law after every change of signs and order, then
    $\mathbb{{E}}[M]$ commutes with all such changes, and so is a multiple $wI$ of the identity with $0\le w\le1$. The *mean*
    student lies **on the segment** from $\beta_P$ to $\beta'_Q$: that is the cross in the picture.

    **3. Jensen.** $\mathbb{{E}}\lVert\hat b-\beta_Q\rVert^2\ge\lVert\mathbb{{E}}[\hat b]-\beta_Q\rVert^2\ge F$, the squared
    distance of the target from the segment.

    Neither $n$ nor $\eta$ nor $\sigma'$ is in $F$. More labels, better labels without less bias, a better penalty: all
    of them stop at the same floor.

    But ridge is one method of many.
    """)
    return


@app.cell(hide_code=True)
def _():
    other_methods = choice(
        "**Early stopping, a spectral cutoff, labels mixed with the model's own predictions (the *confidence loss* of the first paper on weak-to-strong "
        "generalization). Which of them gets below the floor?**",
        ["early stopping", "the spectral cutoff", "mixed labels", "none of them"],
    )
    other_methods
    return (other_methods,)


@app.cell
def _(other_methods, task):
    wait_for(other_methods)
    family = {
        "ridge": w2s.Ridge(0.43, num_weak=400),
        "early stopping: 6 steps of 0.2": w2s.GradientDescent(6, 0.2, num_weak=400),
        "early stopping: 24 steps of 0.05": w2s.GradientDescent(24, 0.05, num_weak=400),
        "spectral cutoff at 1": w2s.SpectralCutoff(1.0, num_weak=400),
        "mixed labels, weight 0.3": w2s.LabelMixing(w2s.LeastSquares(num_weak=400), 0.3),
        "ridge on mixed labels": w2s.LabelMixing(w2s.Ridge(0.2, num_weak=400), 0.2),
    }
    methods = w2s.finetuning_risk_path(task, family, replicates=400)
    methods[["estimator", "risk", "risk_se"]].round(5)
    return (methods,)


@app.cell(hide_code=True)
def _(floor, methods, other_methods):
    _below = methods[methods["risk"] + 5 * methods["risk_se"] < floor]
    Reveal(
        other_methods.value,
        "none of them" if _below.empty else str(_below["estimator"].iloc[0]),
        rf"""The smallest risk in the table is {methods["risk"].min():.4f}; the floor is {floor:.4f}. Every method here is a filter with
    another $g$: $1-(1-\tau\lambda)^t$ for $t$ gradient steps of size $\tau$, zero or one for a cutoff, $(1-m)$ times the gain for labels mixed with weight $m$.
    Step 2 of the proof asks for no more than that. Where on the segment the student stops is all that they can choose.""",
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Exercises

    The first exercise asks for the theorem. Your bound is checked against simulated students on six tasks. It must not be refuted,
    it must say more than "a risk is not negative", and it must be refuted where the theorem's assumptions fail: a bound that
    survives there is too weak to be this theorem.

    **Exercise 1.** Write a lower bound on the risk of every fine-tuned student, from `task.source_vector`, `task.weak_vector` and
    `task.target_vector`. Mind tasks in which the two errors are not orthogonal, and tasks in which the nearest point is an *end* of the segment.
    """)
    return


@app.cell(hide_code=True)
def _():
    bound_editor = editor("def lower_bound(task):\n    return 0.0\n")
    bound_editor
    return (bound_editor,)


@app.cell(hide_code=True)
def _(bound_editor):
    check_when_submitted(bound_editor.value, check_lower_bound)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 2.** Least squares ($\eta=0$, $n>d+1$) is unbiased for $\beta'_Q$. Write its *exact* mean excess risk in terms of $\kappa$, $\sigma'$, $d$ and $n$.
    (The mean of the inverse of $X^\top X$ for $n$ rows of $d$ standard normal features is $I/(n-d-1)$.)
    """)
    return


@app.cell(hide_code=True)
def _():
    least_squares_editor = editor("def least_squares_risk(kappa, weak_noise, d, n):\n    return kappa**2\n")
    least_squares_editor
    return (least_squares_editor,)


@app.cell(hide_code=True)
def _(least_squares_editor):
    check_when_submitted(least_squares_editor.value, check_least_squares_risk)
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## What to take along

    * Fine-tuning moves the student along a segment from the source to the weak model. The target is not on it.
    * Its risk is at least the squared distance of the target from the segment, for every $n$ and every penalty.
    * The floor belongs to the *method*, not to the data: one control of the theorem uses the same labels and gets far below. That
      is lesson 3.

    **Further:** {page("naive-risk-curve")} gives the whole curve, and not only its floor, when $d$ and $n$ grow together;
    {page("alignment-tax")} reads the segment as a price: who repairs the style pays with content;
    {page("no-free-lunch")} shows that *no* learner can do better from weak data alone.
    """)
    return


if __name__ == "__main__":
    app.run()
