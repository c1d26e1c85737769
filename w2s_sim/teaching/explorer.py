"""The explorer: move the numbers of a weak-to-strong problem, and see what the theorems say about it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Explorer of weak-to-strong generalization", css_file="explorer.css")

with app.setup:
    import marimo as mo
    import numpy as np

    from w2s_sim.errors import InputError
    from w2s_sim.statements.shared.quantities import naive_floor
    from w2s_sim.teaching import live_pictures
    from w2s_sim.teaching.live_files import case_text, study_text
    from w2s_sim.teaching.live_posterior import (
        SHOWN,
        labeller_risks,
        posterior_paths,
        refined_risks,
        refinement_bounds,
    )
    from w2s_sim.teaching.live_risks import SIZES, naive_risks
    from w2s_sim.teaching.live_task import MOST_CONCEPTS, MOST_DEMONSTRATIONS, Controls, task_of
    from w2s_sim.teaching.live_verdict import THEOREMS, Rounds
    from w2s_sim.teaching.live_voronoi import voronoi_plane

    DIMS = (4, 6, 8, 10, 12, 16, 24, 32, 48, 64)


@app.cell(hide_code=True)
def _():
    _text = mo.md(r"""
    # Explorer

    A weak model labels inputs; a strong model learns from its labels. Move the numbers of the problem, and
    watch naive fine-tuning meet its floor and refinement fall below it.
    """)
    # In a landmark, as the rest of the page: screen readers then find it.
    mo.Html(f'<section aria-label="introduction">{_text.text}</section>')
    return


@app.function
def slider(label, *ends, **settings):
    """Make a slider as wide as its column, with its value beside it."""
    return mo.ui.slider(*ends, label=label, show_value=True, full_width=True, **settings)


@app.cell
def _():
    num_concepts = slider("concepts $K$", 2, MOST_CONCEPTS, 1, value=4)
    numbers = mo.ui.dictionary(
        {
            "noise": slider("noise $\\sigma$ (label units)", 0.1, 2.0, 0.05, value=0.5),
            "bias": slider("bias $\\kappa$ (label units)", 0.0, 2.0, 0.05, value=0.7),
            "lean": slider("share $\\ell$ of the bias towards a wrong concept", 0.0, 1.0, 0.05, value=0.0),
            "weak_noise": slider("weak noise $\\sigma'$ (label units)", 0.0, 2.0, 0.05, value=0.5),
            "num_weak": slider("weak pairs, demonstrations $n$", 1, MOST_DEMONSTRATIONS, 1, value=32),
            "ridge": slider("ridge $\\eta$ (squared feature units)", 0.0, 3.0, 0.05, value=0.3),
            "num_queries": slider(
                "relabelled queries $N$", steps=[20, 50, 100, 200, 500, 1000, 2000], value=200
            ),
        }
    )
    return num_concepts, numbers


@app.cell
def _(num_concepts):
    # The bias has a direction of its own for each concept, orthogonal to all of them: d is at least 2 K.
    _dims = [size for size in DIMS if size >= 2 * num_concepts.value]
    _shares = (0.5, 0.25, 0.15, 0.1, 0.1, 0.1)
    _concepts = range(num_concepts.value)
    shape = mo.ui.dictionary(
        {
            "dim": slider("features $d$", steps=_dims, value=max(8, _dims[0])),
            "source_weights": mo.ui.array(
                [
                    slider(f"source weight $\\alpha^P_{k + 1}$", 0.0, 1.0, 0.05, value=_shares[k])
                    for k in _concepts
                ]
            ),
            "target_weights": mo.ui.array(
                [
                    slider(
                        f"target weight $\\alpha^Q_{k + 1}$",
                        0.0,
                        1.0,
                        0.05,
                        value=float(k == _concepts[-1]),
                    )
                    for k in _concepts
                ]
            ),
        }
    )
    return (shape,)


@app.cell
def _(num_concepts, numbers, shape):
    def _column(title, *parts):
        return mo.vstack([mo.md(f"**{title}**"), *parts], gap=0.4)

    def _of(*names):
        return [numbers.elements[name] for name in names]

    _source, _target = (shape.elements[name].elements for name in ("source_weights", "target_weights"))
    _priors = [_column("Source prior", *_source), _column("Target prior", *_target)]
    control_panel = mo.vstack(
        [
            _column("Strong model", num_concepts, shape.elements["dim"], *_of("noise")),
            _column("Weak model", *_of("bias", "lean", "weak_noise")),
            _column("Learning", *_of("num_weak", "ridge", "num_queries")),
            mo.hstack(_priors, widths="equal", gap=1.5),
            mo.md("Weights count relative to their sum. A target of one weight is a point mass."),
        ],
        gap=1.0,
    )
    return (control_panel,)


@app.cell
def _(numbers, shape):
    controls = Controls(
        dim=shape.value["dim"],
        source_weights=tuple(shape.value["source_weights"]),
        target_weights=tuple(shape.value["target_weights"]),
        **numbers.value,
    )
    try:
        task, refusal = task_of(controls), ""
    except InputError as error:
        task, refusal = None, str(error)
    return controls, refusal, task


@app.cell
def _(task):
    paths = None if task is None else posterior_paths(task)
    return (paths,)


@app.cell
def _():
    # Only the panel that is chosen is computed.
    panel = mo.ui.radio(["Risk", "Posterior", "Voronoi cells", "Verdict", "Files"], value="Risk", inline=True)
    return (panel,)


@app.cell
def _(controls, panel, paths, task):
    def _risks():
        labeller, refined = labeller_risks(task, paths), refined_risks(task, paths, controls.num_queries)
        return live_pictures.risk_picture(
            (np.asarray(SIZES), naive_risks(task, controls.ridge)),
            (SHOWN, labeller.at(SHOWN)),
            (SHOWN, refined.at(SHOWN)),
            float(naive_floor(task)),
            refinement_bounds(task, controls.num_queries) if task.has_point_mass_target else None,
            controls.num_weak,
        )

    risks = _risks() if task and panel.value == "Risk" else None
    return (risks,)


@app.cell
def _():
    context = mo.ui.slider(1, 50, 1, value=1, label="context that is shown", show_value=True)
    return (context,)


@app.cell
def _(context, controls, panel, paths, task):
    def _posterior():
        star = int(task.target_concept)
        picture = live_pictures.posterior_picture(paths, controls.num_weak, context.value - 1, star)
        return mo.vstack([context, picture])

    posterior = _posterior() if task and panel.value == "Posterior" else None
    return (posterior,)


@app.cell
def _(panel, task):
    def _cells():
        return live_pictures.voronoi_picture(voronoi_plane(task))

    cells = _cells() if task and panel.value == "Voronoi cells" else None
    return (cells,)


@app.cell
def _():
    theorem = mo.ui.dropdown(list(THEOREMS), value="naive-floor", label="theorem", allow_select_none=False)
    sampling = mo.ui.switch(label="sample, round after round")
    return sampling, theorem


@app.cell
def _(sampling):
    # One round a second, as long as the switch is on.
    clock = mo.ui.refresh(default_interval="1s", label="a round every") if sampling.value else mo.md("")
    return (clock,)


@app.cell
def _(controls, panel, theorem):
    rounds = Rounds(controls, theorem.value) if panel.value == "Verdict" else None
    return (rounds,)


@app.cell
def _(clock, rounds, sampling, theorem):
    def _verdict():
        if sampling.value:
            rounds.advance()
        looks = rounds.verdicts
        picture = live_pictures.verdict_picture(rounds.statement, looks) if looks else mo.md("")
        claim = f"{rounds.statement.summary}\n\n$${rounds.statement.formula}$$"
        choices = mo.hstack([theorem, sampling, clock], wrap=True, justify="start", gap=1.5)
        said = mo.callout(mo.md(rounds.sentence()), kind=rounds.kind)
        return mo.vstack([choices, mo.md(claim), said, picture])

    verdict = _verdict() if rounds else None
    return (verdict,)


@app.cell
def _(controls, panel, theorem):
    def _file(title, name, write):
        try:
            text = write()
        except InputError as error:
            return mo.callout(mo.md(f"{title}: {error}"), kind="warn")
        saved = mo.download(text.encode(), filename=name, label=f"Download {name}")
        # The button that copies comes with marimo's blocks of code.
        code = mo.md(f"```toml\n{text}```").text
        shown = mo.Html(f'<div class="file" tabindex="0" role="region" aria-label="{name}">{code}</div>')
        return mo.vstack([mo.md(f"**{title}**"), shown, saved], gap=0.4)

    def _files():
        study = _file("A study of the three methods", "study.toml", lambda: study_text(controls))
        title = f"A case of {theorem.value}, chosen under Verdict"
        return mo.vstack([study, _file(title, "case.toml", lambda: case_text(controls, theorem.value))])

    files = _files() if panel.value == "Files" else None
    return (files,)


@app.cell
def _(cells, control_panel, files, panel, posterior, refusal, risks, verdict):
    _shown = next((each for each in (risks, posterior, cells, verdict, files) if each is not None), mo.md(""))
    if refusal:
        _shown = mo.callout(mo.md(f"No such task: {refusal}"), kind="warn")
    _pictures = mo.vstack([panel, _shown])
    mo.Html(
        f'<div class="explorer"><section aria-label="pictures">{mo.as_html(_pictures).text}</section>'
        f'<section aria-label="controls">{mo.as_html(control_panel).text}</section></div>'
    )
    return


if __name__ == "__main__":
    app.run()
