"""Does a real language model take the style of weak demonstrations, and leave their wrong content?"""

import numpy as np
from matplotlib.figure import Figure

from w2s_sim.empirical.language_model_tables import measured_table
from w2s_sim.experiments.llm_scores import llm_scores
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import LABELLER, NAIVE, REFINED, Look
from w2s_sim.plotting.style import PURPLE

STYLES = {"pirate": REFINED, "json": Look(PURPLE, "D")}
ARMS = {
    "naive": "naive",
    "ask-to-improve": "asked",
    "refined": "refined",
    "inferred": "intent",
    "clean": "clean",
}
# Arms of the published experiment whose student is GPT-3.5, by their names in its table.
STRONG = "gpt-3.5-turbo"
PUBLISHED = {
    "ft_weak": "naive",
    "ft_improved": "asked",
    "ft_icl_improved": "refined",
    "strong_unaligned": "strong",
}
CONTENTS = {"greedy_right": ("right answer", LABELLER), "greedy_bait": ("bait of the weak labels", NAIVE)}


def compute(fast: bool, seed: int) -> Tables:
    """Collect the tables that the experiments wrote; nothing is sampled."""
    scores = llm_scores()
    published = scores.loc[
        (scores["benchmark"] == "tinyTruthfulQA")
        & (scores["strong_model"] == STRONG)
        & (scores["metric"] == "content")
        & scores["method"].isin(PUBLISHED)
    ]
    return {
        "in_context": measured_table("in_context"),
        "refinement": measured_table("refinement"),
        "published": published[["weak_model", "method", "mean", "se"]],
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw style and content against the number of demonstrations, and the answers of fine-tuned models."""
    rows = tables["in_context"]
    of_style = {name: rows.loc[rows["style"] == name] for name in STYLES}
    style_curves = [
        Curve(f"{name} style", own["size"], own["style_log_odds"], own["style_log_odds_se"], STYLES[name])
        for name, own in of_style.items()
    ]
    panels = [
        Panel("style in context", "demonstrations, $n$", "log odds (nats)", style_curves, x_scale="symlog2")
    ]
    for name, own in of_style.items():
        curves = [
            Curve(label, own["size"], own[metric], own[f"{metric}_se"], look)
            for metric, (label, look) in CONTENTS.items()
        ]
        panels.append(
            Panel(
                f"content, {name}",
                "demonstrations, $n$",
                "greedy answers (share)",
                curves,
                x_scale="symlog2",
                y_limits=(-0.03, 1.0),
            )
        )
    for name in STYLES:
        panels.append(_arms(tables, name))
    panels.append(_published(tables))
    return panels_figure(panels, page, height=1.4 if page.is_single else None)


def _arms(tables: Tables, style: str) -> Panel:
    """Return the panel of the fine-tuned models."""
    rows = tables["refinement"].set_index(["style", "arm"]).loc[style].loc[list(ARMS)]
    places = np.arange(len(ARMS))
    curves = [
        Curve(label, places + aside, rows[metric], rows[f"{metric}_se"], look, joined=False)
        for aside, (metric, (label, look)) in zip((-0.1, 0.1), CONTENTS.items(), strict=True)
    ]
    ticks = {float(place): label for place, label in enumerate(ARMS.values())}
    return Panel(
        f"fine-tuned, {style}",
        "fine-tuned on",
        "greedy answers (share)",
        curves,
        x_limits=(-0.4, len(ARMS) - 0.6),
        x_ticks=ticks,
        y_limits=(-0.03, 1.0),
    )


def _published(tables: Tables) -> Panel:
    """Return the panel of published scores, one point for each weak model."""
    rows = tables["published"]
    places = {method: float(place) for place, method in enumerate(PUBLISHED)}
    weak_models = [name for name in rows["weak_model"].unique() if name != "none"]
    asides = dict(zip(weak_models, np.linspace(-0.15, 0.15, len(weak_models)), strict=True))
    where = [
        places[method] + asides.get(weak_model, 0.0)
        for weak_model, method in zip(rows["weak_model"], rows["method"], strict=True)
    ]
    scores = Curve("", where, rows["mean"] / 10.0, rows["se"] / 10.0, LABELLER, joined=False)
    return Panel(
        "published, GPT-3.5",
        "fine-tuned on",
        "content score / 10",
        [scores],
        x_limits=(-0.4, len(PUBLISHED) - 0.6),
        x_ticks={places[method]: label for method, label in PUBLISHED.items()},
        y_limits=(-0.03, 1.0),
    )


def caption(tables: Tables) -> str:
    """Say what is drawn, with the numbers of prompts."""
    prompts, answers = (tables[name]["prompts"].iloc[0] for name in ("in_context", "refinement"))
    return f"""
        SmolLM2-135M-Instruct and weak labels in the wanted style, half of them wrong: one bait word for each
        kind of questions. (a) Log odds of the wanted style against the plain one after n weak demonstrations.
        (b, c) Share of greedy answers with the right content, and with the bait. (d, e) The same for held-out
        questions without demonstrations, after fine-tuning on weak labels (naive), on the model's answers
        after eight weak demonstrations (refined), after eight of which one is the question's own label
        (asked), in the style that it infers (intent), and on right answers (clean). The rest of the answers
        is wrong in another way. Bars: 2 standard errors, in (a) to (c) over questions, {prompts} prompts,
        seeds 0 to 2; in (d, e) over questions and training runs, {answers} answers of {answers // 96} runs.
        So few runs know their spread badly: 95 percent intervals of (d, e) are wider (see the page). (f)
        Published content scores on TruthfulQA of GPT-3.5 taught by four weak models (Somerstep et al. 2025),
        who err in many ways; "strong" is the model before. Bars: 2 standard errors over questions.
    """


FIGURE = PaperFigure(
    name="language_model_refinement",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
