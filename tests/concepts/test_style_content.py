import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.concepts.style_content import (
    StyleContentModel,
    style_content_model,
    with_wrong_content,
    with_wrong_style,
)
from w2s_sim.errors import InputError
from w2s_sim.estimators import InContext

STYLES = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.2, 0.8], [0.1, 0.9]]])
CONTENTS = np.array([[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]])
PRIOR = np.array([[0.6, 0.2], [0.15, 0.05]])


def make_model() -> StyleContentModel:
    return style_content_model(PRIOR, STYLES, CONTENTS)


def test_label_laws_are_products() -> None:
    model = make_model()
    labels = jnp.arange(6)
    for context in range(2):
        found = np.exp(model.log_likelihood(jnp.full(6, context), labels))
        style, content = (np.asarray(part) for part in model.symbols(labels))
        for s in range(2):
            for c in range(2):
                expected = STYLES[s, context, style] * CONTENTS[c, context, content]
                np.testing.assert_allclose(found[:, 2 * s + c], expected, atol=1e-6)


def test_weights_and_laws_are_marginals() -> None:
    model = make_model()
    np.testing.assert_allclose(model.style_weights(model.prior), PRIOR.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(model.content_weights(model.prior), PRIOR.sum(axis=0), atol=1e-6)
    style, content = model.marginal_laws(model.prior)
    np.testing.assert_allclose(style, np.einsum("s,sxu->xu", PRIOR.sum(axis=1), STYLES), atol=1e-6)
    np.testing.assert_allclose(content, np.einsum("c,cxw->xw", PRIOR.sum(axis=0), CONTENTS), atol=1e-6)


def test_errors_tell_style_from_content() -> None:
    model = make_model()
    wanted, right_style, right_content = (jnp.eye(4)[k] for k in (3, 2, 1))
    style, content = model.errors(right_style, wanted)
    assert float(style) == pytest.approx(0.0, abs=1e-6)
    assert float(content) == pytest.approx(0.5 * 0.5 * np.abs(CONTENTS[0] - CONTENTS[1]).sum(), abs=1e-6)
    style, content = model.errors(right_content, wanted)
    assert float(content) == pytest.approx(0.0, abs=1e-6)
    assert float(style) == pytest.approx(0.7, abs=1e-6)


def test_weak_models_spoil_one_side_alone() -> None:
    model = make_model()
    for weak, spoiled in ((with_wrong_content(model, 0.4), 1), (with_wrong_style(model, 0.4), 0)):
        for k in range(4):
            concept = jnp.eye(4)[k]
            laws = list(zip(weak.marginal_laws(concept), model.marginal_laws(concept), strict=True))
            np.testing.assert_allclose(*laws[1 - spoiled], atol=1e-6)
            shown, right = laws[spoiled]
            expected = 0.6 * np.asarray(right) + 0.4 * np.roll(np.asarray(right), 1, axis=1)
            np.testing.assert_allclose(shown, expected, atol=1e-6)


def test_refinement_takes_the_style_and_keeps_the_content() -> None:
    """A weak model of the right style and poor content: the posterior finds the style, not the mistakes."""
    model = make_model()
    task = w2s.FiniteTask(model, [0.0, 0.0, 1.0, 0.0], with_wrong_content(model, 0.2))

    def errors(key):
        prior = InContext(24).transferred_prior(model, task.sample_weak(24, key=key), key=key)
        return jnp.stack(model.errors(prior, task.target_prior))

    means = np.asarray(jax.jit(jax.vmap(errors))(jax.random.split(jax.random.key(0), 2000))).mean(axis=0)
    weak = model.errors(model.prior, task.target_prior)
    spoiled = 0.5 * np.abs(np.roll(CONTENTS[0], 1, axis=1) * 0.2 - CONTENTS[0] * 0.2).sum(axis=1).mean()
    assert means[0] < 0.01 < float(weak[0])
    assert means[1] < 0.5 * spoiled


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prior": PRIOR[:1]}, "prior"),
        ({"prior": 2 * PRIOR}, "prior"),
        ({"style_tables": STYLES[0]}, "style_tables"),
        ({"content_tables": CONTENTS[:, :1]}, "content_tables"),
        ({"content_tables": 2 * CONTENTS}, "tables"),
    ],
)
def test_bad_input_is_refused(changes: dict, field: str) -> None:
    parts = {"prior": PRIOR, "style_tables": STYLES, "content_tables": CONTENTS}
    with pytest.raises(InputError, match=field):
        style_content_model(**parts | changes)
