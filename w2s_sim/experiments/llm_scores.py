"""Published scores of language models, and a mixture of two concepts that is fitted to them.

The figures are from Somerstep et al. 2025, arXiv 2405.16236; `data/README.md` describes their sources and
oddities.

The mixture: the strong model holds two concepts with the same content, one in its own style and one in the
wanted style. After n weak demonstrations, the wanted concept has posterior log odds log_odds + n rho
separation, where rho is the position of the weak model's style on the way from the unaligned style (0) to
`rendering` (1), the style of the strong model when it fully adopts the wanted style. The posterior
probability of the wanted concept is the position of the mean style on this way. The content is that of the
unaligned model.
"""

import dataclasses
from importlib.resources import files

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.optimize import least_squares
from scipy.special import expit

from w2s_sim.errors import InputError

NUM_DEMONSTRATIONS = {"persona": 4, "simple": 3, "gsm8k": 3, "math": 2}
# Two fine-tunings on the same labels differ by this much on the judge's scale; for accuracies it is unknown.
REPLICATE_NOISE = 0.18
REFINED = "ft_icl_improved"
FIT_BENCHMARK, FIT_STRONG = "tinyTruthfulQA", "gpt-3.5-turbo"


def llm_scores() -> pd.DataFrame:
    """Return the published scores, one row per benchmark, weak model, strong model, method and metric."""
    with files("w2s_sim.experiments").joinpath("data/llm_scores.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False, na_values={"mean": "", "se": ""})


@dataclasses.dataclass(frozen=True)
class MixturePicture:
    """The fitted mixture: its two parameters, and the style score of its wanted concept.

    Attributes:
        log_odds: Prior log odds of the wanted style in the source, in nats.
        separation: Log odds that one demonstration in the full wanted style adds, in nats.
        covariance: Covariance of the two parameters, shape (2, 2), from the standard errors of the fitted
            scores.
        rendering: Mean style score of the strong model when it fully adopts the wanted style.
        chi_squared: Chi-squared of the fit; `degrees_of_freedom` on average if the mixture is correct.
        degrees_of_freedom: Number of fitted scores minus 2.
    """

    log_odds: float
    separation: float
    covariance: Float[np.ndarray, "2 2"]
    rendering: float
    chi_squared: float
    degrees_of_freedom: int

    def share(self, evidence: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Return the posterior probability of the wanted style after evidence n rho."""
        return expit(self.log_odds + self.separation * evidence)


def refined_styles(scores: pd.DataFrame, rendering: float) -> pd.DataFrame:
    """Return every refined style score with the quantities that predict it.

    Args:
        scores: A table as from `llm_scores`.
        rendering: Style score of the wanted style.

    Returns:
        One row per refined arm with a style score: experiment, benchmark, weak_model, strong_model, the
        measured `style` and `style_se`, the `unaligned` style and its standard error, and `evidence`, n rho.
    """
    rows = []
    arms = scores.loc[(scores["method"] == REFINED) & (scores["metric"] == "style")]
    for arm in arms.to_dict("records"):
        unaligned, unaligned_se = _level(scores, arm, "strong_unaligned", "style")
        weak, _ = _level(scores, arm, "weak_model", "style")
        quality = (weak - unaligned) / (rendering - unaligned)
        names = {key: arm[key] for key in ("experiment", "benchmark", "weak_model", "strong_model")}
        rows.append(
            names
            | {
                "style": arm["mean"],
                "style_se": arm["se"],
                "unaligned": unaligned,
                "unaligned_se": unaligned_se,
                "evidence": NUM_DEMONSTRATIONS[str(arm["experiment"])] * quality,
            }
        )
    return pd.DataFrame(rows)


def fit_mixture(
    scores: pd.DataFrame,
    benchmark: str = FIT_BENCHMARK,
    strong_model: str = FIT_STRONG,
    rendering: float | None = None,
) -> MixturePicture:
    """Fit the two parameters to the refined styles of one benchmark, by weighted least squares.

    Args:
        scores: A table as from `llm_scores`.
        benchmark: Benchmark of the fit, with refined arms of at least two weak models.
        strong_model: Strong model that refined the labels.
        rendering: Style score of the wanted style; if None, the largest mean style of any arm that was
            fine-tuned on labels refined by this model for this benchmark.

    Raises:
        InputError: If there are fewer than two scores to fit.
    """
    if rendering is None:
        shown = scores.loc[
            (scores["benchmark"] == benchmark)
            & (scores["strong_model"] == strong_model)
            & scores["method"].isin(["ft_improved", REFINED])
            & (scores["metric"] == "style")
        ]
        rendering = float(shown["mean"].max()) if len(shown) else float("nan")
    styles = refined_styles(scores, rendering)
    fitted = styles.loc[(styles["benchmark"] == benchmark) & (styles["strong_model"] == strong_model)]
    if len(fitted) < 2:
        given = f"{len(fitted)} refined styles of {strong_model}"
        raise InputError("benchmark", f"{benchmark!r}, with {given}", "a benchmark with at least 2")
    unaligned, evidence, style = (fitted[name].to_numpy() for name in ("unaligned", "evidence", "style"))
    errors = np.hypot(fitted["style_se"].to_numpy(), REPLICATE_NOISE)

    def residuals(numbers: Float[np.ndarray, "2"]) -> Float[np.ndarray, " n"]:
        share = expit(numbers[0] + numbers[1] * evidence)
        return (unaligned + share * (rendering - unaligned) - style) / errors

    fit = least_squares(residuals, x0=np.array([-2.0, 1.0]), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return MixturePicture(
        log_odds=float(fit.x[0]),
        separation=float(fit.x[1]),
        covariance=np.linalg.inv(fit.jac.T @ fit.jac),
        rendering=rendering,
        chi_squared=float(2.0 * fit.cost),
        degrees_of_freedom=len(fitted) - 2,
    )


def predict_scores(scores: pd.DataFrame, picture: MixturePicture) -> pd.DataFrame:
    """Predict every refined arm, and every arm fine-tuned on weak labels.

    Predictions: a refined style follows the mixture, a refined content or accuracy equals that of the
        unaligned
    strong model, and naive fine-tuning equals the weak model in all metrics.

    Returns:
        One row per score: its names, method, metric, `measured`, `predicted`, their standard errors, and `z`,
        the difference in units of the joint standard error with replicate noise (nan without a standard
        error).
    """
    rows = []
    styles = refined_styles(scores, picture.rendering)
    for arm in styles.to_dict("records"):
        share = float(picture.share(np.array([arm["evidence"]]))[0])
        span = picture.rendering - arm["unaligned"]
        slope = share * (1.0 - share) * span * np.array([1.0, arm["evidence"]])
        error = np.sqrt(slope @ picture.covariance @ slope + ((1.0 - share) * arm["unaligned_se"]) ** 2)
        predicted = arm["unaligned"] + share * span
        rows.append(_row(arm, REFINED, "style", (arm["style"], arm["style_se"]), (predicted, float(error))))
    for arm in scores.loc[scores["method"].isin([REFINED, "ft_weak"])].to_dict("records"):
        refined = arm["method"] == REFINED
        if arm["experiment"] not in NUM_DEMONSTRATIONS or (refined and arm["metric"] == "style"):
            continue
        try:
            reference = "strong_unaligned" if refined else "weak_model"
            level = _level(scores, arm, reference, str(arm["metric"]))
        except InputError:
            # The weak model itself has no arithmetic scores.
            continue
        rows.append(_row(arm, str(arm["method"]), str(arm["metric"]), (arm["mean"], arm["se"]), level))
    return pd.DataFrame(rows)


def _row(
    arm: dict, method: str, metric: str, measured: tuple[float, float], predicted: tuple[float, float]
) -> dict[str, object]:
    noise = 0.0 if metric == "accuracy" else REPLICATE_NOISE
    names = {key: arm[key] for key in ("experiment", "benchmark", "weak_model", "strong_model")}
    return names | {
        "method": method,
        "metric": metric,
        "measured": measured[0],
        "measured_se": measured[1],
        "predicted": predicted[0],
        "predicted_se": predicted[1],
        "z": (measured[0] - predicted[0]) / np.sqrt(measured[1] ** 2 + predicted[1] ** 2 + noise**2),
    }


def _level(scores: pd.DataFrame, arm: dict, method: str, metric: str) -> tuple[float, float]:
    """Return the mean and standard error of a model without fine-tuning, on the benchmark of an arm."""
    who = "weak_model" if method == "weak_model" else "strong_model"
    found = scores.loc[
        (scores["benchmark"] == arm["benchmark"])
        & (scores["method"] == method)
        & (scores["metric"] == metric)
        & (scores[who] == arm[who])
    ]
    if len(found) != 1:
        raise InputError("scores", f"{len(found)} rows of {method} for {arm[who]}", "one row")
    return float(found["mean"].to_numpy()[0]), float(found["se"].to_numpy()[0])
