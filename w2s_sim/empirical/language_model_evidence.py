"""Empirical statements on what a real language model infers from demonstrations.

They read kept tables of `w2s lm evidence`. The independent runs are paths of demonstrations. Styles share
their paths, and count as one run together.
"""

import numpy as np
import pandas as pd

from w2s_sim.empirical.empirical_statement import EmpiricalControl, EmpiricalStatement
from w2s_sim.empirical.estimate import LEVEL, Estimate, estimate_from_runs
from w2s_sim.empirical.language_model_tables import evidence_rows
from w2s_sim.language_models.demonstration_readers import (
    DemonstrationReader,
    KnownConcepts,
    UnknownRate,
    fit_reader,
)
from w2s_sim.language_models.evidence_growth import mean_curve
from w2s_sim.language_models.evidence_laws import (
    THEORY,
    copying,
    held_out_losses,
    path_means,
    paths_of,
    style_growth,
    with_copying,
)
from w2s_sim.randomness import generator_of

REFERENCE = "this project, on SmolLM2-135M-Instruct (Ben Allal et al. 2025, arXiv 2502.02737)"
PAGE = "theory/language-model-evidence.md"


def growth_exponent(rows: pd.DataFrame) -> Estimate:
    """Estimate the exponent with which the log odds of a style grow, for the mean over all styles.

    Args:
        rows: Rows of `run_evidence` of one condition.
    """
    growth = style_growth(rows, LEVEL)
    low, high = growth.interval
    value = growth.exponent
    return Estimate(value, min(low, value), max(high, value), len(path_means(rows, "n")))


def constant_evidence(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which each demonstration also adds the mean evidence of the first one."""
    _, curve = mean_curve(rows, "style_log_odds")
    added = (curve[1] - curve[0]) * rows["n"]
    return rows.assign(style_log_odds=rows["style_log_odds"] + added)


def style_gain(rows: pd.DataFrame) -> Estimate:
    """Estimate by how much the log odds of a style rise from no demonstration to the last, in nats."""
    last = path_means(rows.loc[rows["n"] == rows["n"].max()], "style_log_odds")
    return estimate_from_runs(last - path_means(rows.loc[rows["n"] == 0], "style_log_odds"))


def switching_advantage(rows: pd.DataFrame) -> Estimate:
    """Estimate how much better a switching concept predicts contents than known concepts (nats an answer)."""
    losses = held_out_losses(rows)
    gains = losses.assign(gain=losses[THEORY] - losses["switching concept"])
    return estimate_from_runs(path_means(gains, "gain"))


def drawn_contents(rows: pd.DataFrame, kind: type[DemonstrationReader], seed: int) -> pd.DataFrame:
    """Return rows in which contents drawn from a reader, fitted to the model, take the place of the model's.

    Args:
        rows: Rows of `run_evidence` of one condition.
        kind: The kind of the reader.
        seed: Seed of the draws.
    """
    events, said = copying(rows)
    expected = fit_reader(kind, events, said).probabilities(events)
    draws = generator_of(seed).random(expected.shape) < expected
    return with_copying(rows, draws.astype(np.float64))


def refinement_gain(rows: pd.DataFrame) -> Estimate:
    """Estimate the share of wrong demonstrations minus the model's expectation of a wrong content.

    Refined labels that are drawn from the model are wrong as often as it expects, and naive fine-tuning
    learns the share of wrong demonstrations. The expectation is a mean over the answers after eight
    demonstrations or more.
    """
    events, said = copying(rows)
    gains = events.mean(axis=1) - said[:, 8:].mean(axis=1)
    return estimate_from_runs(path_means(paths_of(rows).assign(gain=gains), "gain"))


def copied_contents(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which a reader who expects the share of errors seen takes the model's place."""
    events, _ = copying(rows)
    return with_copying(rows, UnknownRate(0.5, 0.1).probabilities(events))


STYLE_IS_READ = EmpiricalStatement(
    id="style-is-read",
    claim="32 weak demonstrations raise the log odds of their style by more than 10 nats.",
    quantity="log odds of the style after 32 demonstrations minus those without (nats)",
    low=10.0,
    high=np.inf,
    measure=lambda fast, seed: style_gain(evidence_rows()),
    control=EmpiricalControl(
        "demonstrations without the style", lambda fast, seed: style_gain(evidence_rows("unstyled"))
    ),
    reference=REFERENCE,
    page=PAGE,
)
STYLE_EVIDENCE_SLOWS = EmpiricalStatement(
    id="style-evidence-slows",
    claim="The log odds of a style do not grow in proportion to the number n of demonstrations, but like a "
    "power of n below 1/2, a logarithm, or less.",
    quantity="exponent e of the law level + slope (n^e - 1)/e",
    low=-np.inf,
    high=0.5,
    measure=lambda fast, seed: growth_exponent(evidence_rows()),
    control=EmpiricalControl(
        "the same, where each demonstration adds the evidence of the first",
        lambda fast, seed: growth_exponent(constant_evidence(evidence_rows())),
    ),
    reference=REFERENCE,
    page=PAGE,
)
CONCEPT_SWITCHES = EmpiricalStatement(
    id="concept-switches",
    claim="A Bayesian whose concept may change between demonstrations predicts the contents that the model "
    "expects better than the theory's, who knows one concept for all, by more than 0.02 nats an answer.",
    quantity="difference of log losses on seeds that neither was fitted to (nats an answer)",
    low=0.02,
    high=np.inf,
    measure=lambda fast, seed: switching_advantage(evidence_rows()),
    control=EmpiricalControl(
        "contents drawn from the theory's reader",
        lambda fast, seed: switching_advantage(drawn_contents(evidence_rows(), KnownConcepts, seed)),
    ),
    reference=REFERENCE,
    page=PAGE,
)
REFINED_BELOW_NAIVE = EmpiricalStatement(
    id="refined-below-naive",
    claim="If a quarter of the demonstrations is wrong in a systematic way, the model expects wrong contents "
    "more rarely than they are shown, by more than 0.05.",
    quantity="share of wrong demonstrations minus the model's probability of the wrong content",
    low=0.05,
    high=1.0,
    measure=lambda fast, seed: refinement_gain(evidence_rows(quarter=True)),
    control=EmpiricalControl(
        "a reader who expects the share of errors that he has seen",
        lambda fast, seed: refinement_gain(copied_contents(evidence_rows(quarter=True))),
    ),
    reference=REFERENCE,
    page=PAGE,
)
