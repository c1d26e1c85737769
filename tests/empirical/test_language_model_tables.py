"""The kept tables are whole, and each is that of its experiment."""

import numpy as np
import pytest

from w2s_sim.empirical.language_model_tables import Table, measured_table
from w2s_sim.language_models.answer_metrics import METRICS
from w2s_sim.language_models.in_context_study import InContextSettings
from w2s_sim.language_models.training_labels import ARMS


@pytest.mark.parametrize("name", ["in_context", "in_context_random", "refinement", "differences"])
def test_every_metric_has_its_errors(name: Table) -> None:
    table = measured_table(name)
    assert table["style"].unique().tolist() == ["json", "pirate"]
    for metric in METRICS:
        errors, widths = table[f"{metric}_se"].to_numpy(), table[f"{metric}_half_width"].to_numpy()
        assert errors.min() >= 0.0
        assert (widths - 1.9 * errors).min() >= 0.0
    shares = table[["greedy_style", "greedy_right", "greedy_bait"]].to_numpy()
    assert shares.min() >= (-1.0 if name == "differences" else 0.0)
    assert shares.max() <= 1.0
    assert np.isfinite(table.drop(columns=["style", "arm"], errors="ignore").to_numpy(dtype=float)).all()


def test_tables_have_the_rows_of_the_experiments() -> None:
    for _, own in measured_table("in_context").groupby("style"):
        assert tuple(own["size"]) == InContextSettings.sizes
    for _, own in measured_table("refinement").groupby("style"):
        assert tuple(own["arm"]) == ARMS


def test_differences_are_those_of_the_means() -> None:
    means = measured_table("refinement").set_index(["style", "arm"])[list(METRICS)]
    naive = means.xs("naive", level="arm").reindex(means.index, level="style")
    found = measured_table("differences").set_index(["style", "arm"])[list(METRICS)]
    assert len(found) == len(means) - 2
    expected = (means - naive).reindex(found.index)
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), atol=2e-6)
