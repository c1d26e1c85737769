"""The law of growth, on curves of known laws, and the bootstrap over two crossed random effects."""

import numpy as np
import pandas as pd
import pytest

from w2s_sim.language_models.evidence_growth import best_exponents, evidence_growth, resampled_means

NUMBERS = np.arange(1, 33)


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 0.5, 1.0, 1.5])
def test_the_exponent_of_a_curve_is_found(exponent: float) -> None:
    shape = np.log(NUMBERS) if exponent == 0.0 else NUMBERS**exponent / exponent
    for slope in (2.0, -0.003):
        np.testing.assert_allclose(best_exponents(NUMBERS, (5.0 + slope * shape)[None]), exponent, atol=1e-8)


def test_constant_evidence_and_logarithms_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    noise = 0.3 * rng.normal(size=(200, len(NUMBERS)))
    linear = evidence_growth(NUMBERS, 3.0 * NUMBERS + noise[0], 3.0 * NUMBERS + noise)
    assert linear.interval[0] > 0.9
    assert linear.linear > linear.logarithmic
    logarithmic = evidence_growth(NUMBERS, 3.0 * np.log(NUMBERS) + noise[0], 3.0 * np.log(NUMBERS) + noise)
    assert logarithmic.interval[1] < 0.3
    assert logarithmic.logarithmic > logarithmic.linear
    wide = evidence_growth(NUMBERS, 3.0 * np.log(NUMBERS), 3.0 * np.log(NUMBERS) + noise, level=0.999)
    assert wide.interval[0] < logarithmic.interval[0]
    assert wide.interval[1] > logarithmic.interval[1]


def test_the_bootstrap_covers_crossed_random_effects() -> None:
    """The spread of resampled means is at least that of the means over new paths and questions."""
    rng = np.random.default_rng(1)
    paths, questions, spreads, means = 20, 20, [], []
    rows = pd.DataFrame({"seed": 0, "path": np.repeat(np.arange(paths), questions), "n": 1})
    rows["question"] = np.tile(np.arange(questions), paths)
    for repeat in range(40):
        of_path, of_question = rng.normal(size=paths), 2.0 * rng.normal(size=questions)
        own = of_path[rows["path"]] + of_question[rows["question"]] + rng.normal(size=len(rows))
        table = rows.assign(value=own)
        means.append(own.mean())
        spreads.append(resampled_means(table, "value", resamples=100, seed=repeat).std())
    # Var = 1/20 + 4/20 + 1/400; a standard error of 40 variances is a fifth of it.
    true = np.sqrt(1 / paths + 4 / questions + 1 / (paths * questions))
    assert 0.5 * true < np.std(means) < 1.6 * true
    assert 0.8 * true < np.mean(spreads) < 1.5 * true
