"""Latent concepts: what a strong model knows.

How can a model know how to do a task, and still not do it?
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="1. Latent concepts: what a strong model knows")

with app.setup:
    import jax
    import marimo as mo
    import numpy as np

    import w2s_sim as w2s
    from w2s_sim.plotting.looks import SERIES
    from w2s_sim.plotting.style import BLUE, GREY, ORANGE
    from w2s_sim.teaching.exercises import check_when_submitted, editor
    from w2s_sim.teaching.lesson_exercises.posterior_exercises import check_excess_risk, check_posterior
    from w2s_sim.teaching.pictures import BARS, Picture, draw_means, drawing, row
    from w2s_sim.teaching.questions import Reveal, choice, guess, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    # 1. Latent concepts: what a strong model knows

    A large language model has read formal and casual prose, careful and careless answers, many languages. It can
    write any of them. Asked a question, it answers in a mixture of all that it has seen, because nobody has told it
    which is wanted. A smaller model, trained by people for one purpose, knows what is wanted, but is not good at it.
    *Weak-to-strong generalization* asks: can the labels of the weak model make the strong model do what is wanted,
    **better than the weak model does it**?

    This course studies the question in a model that is simple enough for proofs and for simulations of less than a
    second. It follows Somerstep et al. (ICLR 2025, arXiv 2405.16236). In this lesson we build the strong model.

    You will *predict* before you see: each simulation appears when you have answered the question above it. A wrong
    prediction costs nothing, and teaches more than a right one.

    ## The model

    An input is a vector of $d$ features, $x\sim\mathcal{{N}}(0,I)$. The strong model knows $K$ **concepts**. Each is a
    way to label inputs: under concept $k$,

    $$y=\beta_k^\top x+\sigma e,\qquad e\sim\mathcal{{N}}(0,1).$$

    Think of $\beta_k$ as a style of answering, or as a task. Which concept is at work is **latent**: it is
    never observed. The strong model has a **source prior** $\alpha^P$ over concepts, which it brings from
    pre-training. Its prediction averages over the prior,

    $$\mathbb{{E}}[y\mid x]=\beta_P^\top x,\qquad \beta_P=\sum_k\alpha^P_k\beta_k .$$

    Somebody wants one concept, $k^\star$, or in general a **target prior** $\alpha^Q$, and so the predictor
    $\beta_Q=\sum_k\alpha^Q_k\beta_k$. A student $\hat b$ pays the **excess risk**

    $$R(\hat b)=\mathbb{{E}}\bigl[(\hat b^\top x-\beta_Q^\top x)^2\bigr]=\lVert\hat b-\beta_Q\rVert_\Sigma^2,
    \qquad \lVert v\rVert_\Sigma^2=v^\top\Sigma v,\quad \Sigma=\mathbb{{E}}[xx^\top].$$

    All symbols stand in the table of {page("notation")}. A risk has the unit of a squared label.

    ## The running example

    Four concepts, $\beta_k=e_k$, the first four unit vectors of $\mathbb{{R}}^8$. The strong model believes in them with
    $\alpha^P=(0.5,\,0.25,\,0.15,\,0.1)$, and the *last* one is wanted, in which it believes least.
    """)
    return


@app.cell(hide_code=True)
def _():
    source_question = choice(
        "**Before fine-tuning, the strong model predicts with $\\beta_P$. The fourth concept is wanted. Its excess risk is ...**",
        [
            "0, because the model knows the fourth concept",
            "smaller than that of the first concept, which the model believes in most",
            "the same as that of the first concept, which the model believes in most",
        ],
    )
    source_question
    return (source_question,)


@app.cell
def _(source_question):
    wait_for(source_question)
    task = w2s.canonical_task()
    _inputs = task.features.sample(4000, key=jax.random.key(0))
    _wanted = _inputs @ task.target_vector

    def _measured(vector):
        squares = np.asarray((_inputs @ vector - _wanted) ** 2)
        return f"{squares.mean():.3f} (standard error {squares.std(ddof=1) / len(squares) ** 0.5:.3f})"

    Reveal(
        source_question.value,
        "smaller than that of the first concept, which the model believes in most",
        rf"""Over {len(_inputs)} inputs, the mean squared difference from the wanted prediction is
    {_measured(task.source_vector)} for $\beta_P$ and {_measured(task.source.vectors[0])} for $\beta_1$. The formula gives
    $\lVert\beta_P-\beta_4\rVert^2={float(task.excess_risk(w2s.LinearStudent(task.source_vector))):.3f}$ and
    $\lVert\beta_1-\beta_4\rVert^2={float(task.excess_risk(w2s.LinearStudent(task.source.vectors[0]))):.3f}$.
    To hedge is better than to be wrong for sure. But a model that knows the right concept exactly pays for its
    doubts. Knowledge is there; what is missing is the right *prior*.""",
    )
    return (task,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Reading examples in context

    Show the strong model $n$ labelled examples $(x_i,y_i)$ of one concept. It need not change a weight to use them. It can
    ask *under which concept are these labels likely?* and answer by Bayes' rule:

    $$\pi_n(k)=\frac{\alpha^P_k\prod_{i\le n}p_k(y_i\mid x_i)}{\sum_j\alpha^P_j\prod_{i\le n}p_j(y_i\mid x_i)},
    \qquad p_k(y\mid x)\propto\exp\Bigl(-\frac{(y-\beta_k^\top x)^2}{2\sigma^2}\Bigr).$$

    Xie et al. (2022) proposed this **posterior over latent concepts** as an account of in-context learning in language
    models: a prompt with examples *locates* a task that the model knows already. Every example adds to the log odds of
    concept $k$ against $k^\star$ the number

    $$\log\frac{p_k(y\mid x)}{p_{k^\star}(y\mid x)}
    =\frac{1}{2\sigma^2}\Bigl[(y-\beta_{k^\star}^\top x)^2-(y-\beta_k^\top x)^2\Bigr],$$

    which is negative on average if the labels come from $k^\star$. Log odds that fall by a constant per example are odds
    that fall *exponentially*.

    Below, the examples are clean: right labels with noise $\sigma=0.5$. With three concepts a posterior is a point of a
    triangle, whose corners are certainty. The picture follows several contexts, example by example, from the prior.
    """)
    return


@app.cell(hide_code=True)
def _():
    noise = mo.ui.slider(0.1, 2.0, 0.1, value=0.5, label="label noise $\\sigma$", show_value=True)
    wanted_prior = mo.ui.slider(
        0.02, 0.9, 0.02, value=0.1, label="prior of the wanted concept", show_value=True
    )
    num_contexts = mo.ui.slider(1, 12, 1, value=5, label="contexts", show_value=True)
    row(noise, wanted_prior, num_contexts)
    return noise, num_contexts, wanted_prior


@app.cell(hide_code=True)
def _(noise, num_contexts, wanted_prior):
    _rest = 1.0 - wanted_prior.value
    _prior = [0.7 * _rest, 0.3 * _rest, wanted_prior.value]
    _task = w2s.regression_task(
        6, 3, source_prior=_prior, target_prior=[0, 0, 1], noise=noise.value, bias=0.0
    )
    _corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    with drawing(height=3.4) as (_figure, _axes):
        _axes.fill(*_corners.T, facecolor="none", edgecolor=GREY, linewidth=1)
        for _index in range(num_contexts.value):
            _data = _task.sample_weak(24, key=jax.random.key(_index))
            _path = np.exp(np.asarray(_task.source.log_posterior_path(_data.inputs, _data.labels))) @ _corners
            _axes.plot(*_path.T, color=BLUE, marker="o", markersize=3, linewidth=0.8, alpha=0.7)
        _axes.plot(*(np.array(_prior) @ _corners), color=ORANGE, marker="s", markersize=8, linestyle="none")
        _axes.annotate(
            "prior", tuple(np.array(_prior) @ _corners), xytext=(8, -10), textcoords="offset points"
        )
        for _name, _corner in (("concept 1", 0), ("concept 2", 1)):
            _axes.annotate(
                _name, tuple(_corners[_corner]), xytext=(0, -14), textcoords="offset points", ha="center"
            )
        _axes.annotate(
            "concept 3 (wanted)", tuple(_corners[2]), xytext=(0, 6), textcoords="offset points", ha="center"
        )
        _axes.set_aspect("equal")
        _axes.set_axis_off()
        _axes.margins(0.12)
    Picture(
        _figure,
        f"""*Posteriors of {num_contexts.value} contexts (blue), from the prior (orange square) on, one point per example, 24
    examples each. Make the labels noisier, or the wanted concept less credible, and watch how the paths change.*""",
        "Paths of posteriors in a triangle, from the prior to the corner of the wanted concept.",
    )
    return


@app.cell(hide_code=True)
def _():
    count_question = guess(
        "**The running example again: $\\sigma=0.5$, and the wanted concept has prior 0.1. How many clean examples does it "
        "take until its posterior is above 0.9, on average over contexts?**",
        1,
        1000,
    )
    count_question
    return (count_question,)


@app.cell(hide_code=True)
def _():
    dimension_question = choice(
        "**Now the inputs have $d=128$ features instead of 8, and the concepts are still the first four unit vectors. How many "
        "examples does it take?**",
        ["sixteen times as many", "about four times as many, the square root of sixteen", "the same number"],
    )
    dimension_question
    return (dimension_question,)


@app.cell
def _(count_question, dimension_question):
    wait_for(count_question, dimension_question)

    def errors_in(dim):
        clean = w2s.regression_task(
            dim, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0, 0, 0, 1], bias=0.0
        )
        # Not reduced: every feature is drawn, those that no concept uses too.
        return w2s.identification_errors(clean, up_to=10, replicates=1024, reduced=False)

    low_dimension, high_dimension = errors_in(8), errors_in(128)
    needed = int(low_dimension.loc[low_dimension["mass_off_target"] < 0.1, "n"].min())
    return high_dimension, low_dimension, needed


@app.cell(hide_code=True)
def _(high_dimension, low_dimension):
    with drawing() as (_figure, _axes):
        for _look, _table, _label in (
            (SERIES[0], low_dimension, "$d=8$"),
            (SERIES[1], high_dimension, "$d=128$"),
        ):
            draw_means(_axes, _look, _table, "n", "mass_off_target", _label)
        _axes.axhline(0.1, color=GREY, linestyle=":", linewidth=1)
        _axes.set_yscale("log")
        _axes.set_xlabel("examples in context, $n$")
        _axes.set_ylabel(r"$\mathbb{E}[1-\pi_n(k^\star)]$")
        _axes.legend()
    Picture(
        _figure,
        f"""*Posterior mass that is not on the wanted concept: means over {int(low_dimension["replicates"].iloc[0])} contexts,
    The vertical axis is logarithmic: a straight line is exponential decay. {BARS}*""",
        "The mass off the wanted concept falls exponentially, alike for 8 and 128 features.",
    )
    return


@app.cell(hide_code=True)
def _(count_question, dimension_question, high_dimension, low_dimension, needed):
    _at = low_dimension["n"] == needed
    _low, _high = low_dimension[_at].iloc[0], high_dimension[_at].iloc[0]
    row(
        Reveal(
            count_question.value,
            float(needed),
            f"""After {needed} examples the mass elsewhere is {_low["mass_off_target"]:.3f} (standard error
    {_low["mass_off_target_se"]:.3f}). The prior matters little: to be believed ten times less costs $\\log 10$ nats,
    which a few examples repay.""",
        ),
        Reveal(
            dimension_question.value,
            "the same number",
            f"""With $d=128$ the mass is {_high["mass_off_target"]:.3f} (standard error
    {_high["mass_off_target_se"]:.3f}). Only the differences of concepts, $(\\beta_k-\\beta_{{k^\\star}})^\\top x$, enter the
    odds. To choose among $K$ known concepts takes a number of examples that does not grow with $d$; to *learn* a
    regression vector takes at least $d$ of them. This is why knowing concepts is worth so much.""",
        ),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## The weak supervisor

    In weak-to-strong generalization nobody has clean labels. A **weak model** knows which concept is wanted, but has its
    own, imperfect version of every concept. It labels inputs with

    $$y'=\beta_k'^\top x+\sigma' e',\qquad \beta'_k=\beta_k+\kappa u_k,$$

    where $u_k$ is a unit vector orthogonal to all concepts. The **bias** $\kappa$ is a systematic error: no number of
    weak labels averages it away. A learner that imitates the weak model perfectly has the excess risk $\kappa^2$. So the
    two models complement each other:

    | | knows the concepts exactly | knows which concept is wanted |
    |---|---|---|
    | strong model | yes | no |
    | weak model | no | yes |

    Weak-to-strong generalization has to bring the two columns together. Lesson 2 shows that fine-tuning on the weak
    labels does not; lesson 3 shows what does. What each theorem assumes is listed in {page("assumptions")}.

    ## Exercises

    Your answer is a function. It is not compared with a text: *statements* about it are checked on several tasks, as
    the theorems of this book are, and the verdict says where it fails.
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 1.** Write the posterior over concepts after $n$ examples. `inputs` has the shape $(n,d)$, `labels` $(n,)$,
    `vectors` $(K,d)$ and `prior` $(K,)$. Return $K$ numbers. (`jnp` and `np` are there; work with logarithms.)
    """)
    return


@app.cell(hide_code=True)
def _():
    posterior_editor = editor(
        "def posterior(prior, vectors, noise, inputs, labels):\n    return prior  # after zero examples, this is right\n"
    )
    posterior_editor
    return (posterior_editor,)


@app.cell(hide_code=True)
def _(posterior_editor):
    check_when_submitted(posterior_editor.value, check_posterior)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Exercise 2.** Write the excess risk of the strong model's own prediction, for any two priors, concepts (rows of a
    $K\times d$ matrix) and covariance $\Sigma$ of the features.
    """)
    return


@app.cell(hide_code=True)
def _():
    risk_editor = editor(
        "def excess_risk(source_prior, target_prior, vectors, covariance):\n    return jnp.sum((source_prior - target_prior) ** 2)\n"
    )
    risk_editor
    return (risk_editor,)


@app.cell(hide_code=True)
def _(risk_editor):
    check_when_submitted(risk_editor.value, check_excess_risk)
    return


@app.cell(hide_code=True)
def _():
    mo.md(rf"""
    ## What to take along

    * A strong model is a set of concepts and a prior. It errs because of the prior, not because of the concepts.
    * Reading labelled examples moves the prior to a posterior, exponentially fast, at a speed that does not depend on $d$.
    * A weak model knows which concept is wanted and shows it with a bias $\kappa$ that does not average out.

    **Further:** {page("concept-identification")} proves how fast the posterior finds the concept; {page("ginc")} repeats the
    experiment of Xie et al. with languages in place of regressions.
    """)
    return


if __name__ == "__main__":
    app.run()
