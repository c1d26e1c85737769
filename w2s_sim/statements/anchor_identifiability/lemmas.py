"""The steps of the proof of anchor-identifiability, and what is not identified, each as a statement."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from scipy.special import gammaln

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import AnchoredChannel
from w2s_sim.metrics import total_variation
from w2s_sim.statements.anchor_identifiability.anchored_tables import (
    alike_in_pairs,
    alike_in_singles,
    anchored_task,
)
from w2s_sim.statements.anchor_identifiability.views import (
    FiniteCase,
    anchor_probabilities,
    anchors_in,
    law_errors,
    mean_inverse_count,
    numbers_of,
    pair_law,
    weak_laws,
    weight_errors,
)
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/anchor-identifiability.md"
# Total variation up to which two laws count as equal: the rounding of stored models.
SAME_LAW = 1e-6


def anchored(
    name: str, task: FiniteTask, num_weak: int, views: int = 2, *, grouped: bool = True
) -> FiniteCase:
    """Return a case with contexts that share a concept."""
    return Case(name, task, AnchoredChannel(num_weak=num_weak, views=views), grouped)


def _cases(preset: Preset) -> Sequence[FiniteCase]:
    cases = [anchored("anchored tables, n=200", anchored_task(), 200)]
    return cases if preset == "quick" else [*cases, anchored("even, n=60", anchored_task([0.25] * 4), 60)]


def _prior_cases(preset: Preset) -> Sequence[FiniteCase]:
    sizes = (200,) if preset == "quick" else (200, 800)
    cases = [anchored(f"anchored faces, n={size}", alike_in_singles()[1], size) for size in sizes]
    return cases if preset == "quick" else [*cases, anchored("tables, n=3200", anchored_task(), 3200)]


def _enumerated_cases(preset: Preset) -> Sequence[FiniteCase]:
    cases = [anchored("two contexts of two", anchored_task(), 4)]
    return cases if preset == "quick" else [*cases, anchored("one context of four", anchored_task(), 4, 4)]


def _row_error(case: FiniteCase) -> Float[Array, ""]:
    """Return the largest |J(a_k, o) / J(a_k) - q'_k(o)| over concepts and outcomes."""
    rows = pair_law(case.task)[anchors_in(case.task)]
    return jnp.max(jnp.abs(rows / jnp.sum(rows, axis=1, keepdims=True) - weak_laws(case.task)))


def _weight_error(case: FiniteCase) -> Float[Array, ""]:
    """Return the largest |m(a_k)^2 / J(a_k, a_k) - alpha^Q_k|."""
    pairs, anchors = pair_law(case.task), anchors_in(case.task)
    found = jnp.sum(pairs[anchors], axis=1) ** 2 / pairs[anchors, anchors]
    return jnp.max(jnp.abs(found - case.task.target_prior))


def _chances(case: FiniteCase) -> Float[Array, " K"]:
    return case.task.target_prior * anchor_probabilities(case.task)


def _inverse_count_by_binomial(case: FiniteCase) -> Float[Array, ""]:
    """Return sum_k E[1/N_k; N_k >= 1] by the probabilities of all counts."""
    size, chance = numbers_of(case)[0], np.asarray(_chances(case))[:, None]
    counts = np.arange(1, size + 1)
    log_ways = gammaln(size + 1.0) - gammaln(counts + 1.0) - gammaln(size - counts + 1.0)
    with np.errstate(divide="ignore"):
        logs = log_ways + counts * np.log(chance) + (size - counts) * np.log1p(-chance)
    return jnp.asarray(np.sum(np.exp(logs) / counts))


def _error_by_enumeration(case: FiniteCase) -> Float[Array, ""]:
    assert isinstance(case.estimator, AnchoredChannel)
    return _mean_error(case.task, case.estimator)


@eqx.filter_jit
def _mean_error(task: FiniteTask, estimator: AnchoredChannel) -> Float[Array, ""]:
    """Return E sum_k ||q^_k - q'_k||^2 over all data sets: the estimator is fitted to each of them."""
    laws, num_contexts, views = weak_laws(task), estimator.num_contexts, estimator.views
    places = jnp.indices((laws.shape[1],) * estimator.num_weak).reshape(estimator.num_weak, -1).T
    contexts = places[:, : num_contexts * views].reshape(len(places), num_contexts, views)
    # P(context) = sum_k alpha_k prod q'_k; pairs beyond the last context are not read.
    of_contexts = jnp.einsum("k,kdn->dn", task.target_prior, jnp.prod(laws[:, contexts], axis=-1))
    inputs, labels = task.source.outcomes

    def error(place: Int[Array, " n"]) -> Float[Array, ""]:
        fit = estimator.fitted(task.source, WeakData(inputs[place], labels[place]))
        return jnp.sum((fit.laws - laws) ** 2)

    return jnp.prod(of_contexts, axis=1) @ jax.vmap(error)(places)


def _weights_off(key: Key[Array, ""], data: WeakData, case: FiniteCase) -> Float[Array, ""]:
    """Return sum_k |alpha^_k - alpha^Q_k|."""
    assert isinstance(case.estimator, AnchoredChannel)
    fit = case.estimator.fitted(case.task.source, data)
    return jnp.sum(jnp.abs(fit.weights - case.task.target_prior))


def _between_pairs(case: FiniteCase) -> Float[Array, ""]:
    """Return the total variation of the task's law of pairs from that of the other task."""
    return 0.5 * jnp.sum(jnp.abs(pair_law(case.task) - pair_law(alike_in_pairs()[1])))


def _between_singles(case: FiniteCase) -> Float[Array, ""]:
    """Return the total variation of the task's law of single labels from that of the other task."""
    return total_variation(case.task.weak_law, alike_in_singles()[1].weak_law)


ANCHOR_IDENTIFIABILITY_LEMMAS = (
    Statement(
        id="anchored-row",
        kind="equality",
        title="The row of an anchor in the law of pairs is the weak law of its concept (largest error)",
        cases=_cases,
        exact=_row_error,
        bound=lambda case: 0.0,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="anchored-weight",
        kind="equality",
        title="m(a_k)^2 / J(a_k, a_k) is the weight of the concept (largest error)",
        cases=_cases,
        exact=_weight_error,
        bound=lambda case: 0.0,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="inverse-count",
        kind="equality",
        title="E[1/N; N >= 1] of a binomial count is a sum over j of ((1-m)^(N-j) - (1-m)^N) / j",
        cases=_cases,
        exact=_inverse_count_by_binomial,
        bound=lambda case: jnp.sum(mean_inverse_count(_chances(case), numbers_of(case)[0])),
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="error-by-enumeration",
        kind="equality",
        title="The error of the estimate, summed over all sets of weak labels, is the stated one",
        cases=_enumerated_cases,
        exact=_error_by_enumeration,
        bound=lambda case: jnp.sum(law_errors(case)),
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="anchored-prior",
        kind="upper",
        title="sum_k E|alpha^_k - alpha^Q_k| is at most the errors of the anchors' frequencies",
        cases=_prior_cases,
        measure=FromWeakData(_weights_off),
        bound=lambda case: jnp.sum(weight_errors(case)),
        support=lambda case: (0.0, float(case.task.num_concepts)),
        trivial=lambda case: 2.0,
        page=PAGE,
    ),
    Statement(
        id="pairs-without-anchors",
        kind="equality",
        title="Without anchors two weak models and priors have one law of pairs (total variation)",
        cases=lambda preset: [anchored("two faces", alike_in_pairs()[0], 200)],
        exact=_between_pairs,
        bound=lambda case: 0.0,
        margin=lambda case: SAME_LAW,
        page=PAGE,
    ),
    Statement(
        id="singles-with-anchors",
        kind="equality",
        title="With anchors two weak models and priors have one law of single labels (total variation)",
        cases=lambda preset: [anchored("anchored faces", alike_in_singles()[0], 200)],
        exact=_between_singles,
        bound=lambda case: 0.0,
        margin=lambda case: SAME_LAW,
        page=PAGE,
    ),
)
