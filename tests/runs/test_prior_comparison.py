import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.concepts import CategoricalModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import HullProjection, MaximumLikelihood
from w2s_sim.runs import compare, compare_priors
from w2s_sim.statements.shared.finite_examples import table_task

MIXED = [0.1, 0.2, 0.3, 0.4]


def regression() -> w2s.TransferTask:
    return w2s.regression_task(8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=MIXED)


def test_oracle_is_perfect_and_the_source_exact() -> None:
    for task in (regression(), table_task(target_prior=MIXED)):
        table = compare_priors(
            task,
            {"oracle": w2s.Oracle(task.target_prior), "source": w2s.Oracle(task.source.prior)},
            replicates=2,
        ).set_index("estimator")
        assert table.risk["oracle"] == pytest.approx(0.0, abs=1e-7)
        assert table.prior_kl["oracle"] == pytest.approx(0.0, abs=1e-7)
        assert table.prior_tv["source"] == pytest.approx(0.45, abs=1e-6)
        kl = sum(q * np.log(q / p) for q, p in zip(MIXED, np.asarray(task.source.prior), strict=True))
        assert table.prior_kl["source"] == pytest.approx(kl, abs=1e-5)


def test_log_loss_of_tables_is_the_mean_over_contexts() -> None:
    with jax.enable_x64(True):
        task = table_task(target_prior=MIXED)
        assert isinstance(task.source, CategoricalModel)
        tables, contexts = np.asarray(task.source.tables), np.asarray(task.source.contexts)
        q, p = np.einsum("k,kxv->xv", MIXED, tables), np.einsum("k,kxv->xv", np.full(4, 0.25), tables)
        expected = contexts @ np.sum(q * np.log(q / p), axis=1)
        assert float(task.excess_risk(jnp.full(4, 0.25))) == pytest.approx(expected, abs=1e-10)


def test_risks_are_those_of_the_plain_comparison() -> None:
    estimators = {"naive": w2s.Ridge(0.3, num_weak=40), "ml": MaximumLikelihood(num_weak=40)}
    table = compare_priors(regression(), estimators, replicates=50, seed=3)
    plain = compare(regression(), estimators, replicates=50, seed=3)
    np.testing.assert_allclose(table.risk, plain.risk, rtol=1e-5)
    assert np.isnan(table.loc[0, ["prior_kl", "prior_kl_infinite", "prior_tv"]].astype(float)).all()
    assert table.prior_kl_infinite[1] == 0.0


def test_infinite_divergences_are_counted() -> None:
    """A projection on the hull often lies on a face of it, which excludes a concept."""
    estimators = {"hull": HullProjection(w2s.LeastSquares(num_weak=30))}
    row = compare_priors(regression(), estimators, replicates=200).iloc[0]
    assert 0 < row.prior_kl_infinite < 1
    assert np.isfinite(row.prior_kl)


def test_naive_finetuning_has_no_place_among_tables() -> None:
    with pytest.raises(InputError, match="naive"):
        compare_priors(table_task(), {"naive": w2s.Ridge(0.3, num_weak=4)})


def test_grouped_contexts_recover_a_mixture_that_ungrouped_ones_hide() -> None:
    """A grouped context shows one concept; an ungrouped one always the same, or what is left of it."""
    prior = [0.0, 0.0, 0.3, 0.7]
    task = w2s.regression_task(8, 4, source_prior=[0.25] * 4, target_prior=prior)
    apart, together = (
        compare_priors(task, {"one": w2s.InContext(64)}, replicates=400, seed=1, grouped=grouped).iloc[0]
        for grouped in (False, True)
    )
    # Total variation 1 - alpha_k with probability alpha_k, or 0.3 of the fourth concept alone.
    assert abs(together.prior_tv - 2 * 0.3 * 0.7) < 5 * together.prior_tv_se
    assert abs(apart.prior_tv - 0.3) < 5 * apart.prior_tv_se + 0.02


def test_a_wrong_channel_is_found_out() -> None:
    """Told a bias of the opposite sign, maximum likelihood is worse than told none, and that than right."""
    task = regression()
    right, none = task.supervisor.vectors, task.source.vectors
    rules = {
        name: MaximumLikelihood(w2s.RegressionModel(task.source.prior, vectors, 0.5), num_weak=200)
        for name, vectors in (("right", right), ("none", none), ("wrong", 2 * none - right))
    }
    table = compare_priors(task, rules, replicates=500).set_index("estimator")
    for better, worse in (("right", "none"), ("none", "wrong")):
        error = np.hypot(table.prior_tv_se[better], table.prior_tv_se[worse])
        assert table.prior_tv[worse] - table.prior_tv[better] > 5 * error
