"""Style/content concepts: a concept is a pair (style, content), and a label is a pair of symbols."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from w2s_sim._checks import probabilities, require_between, require_shape
from w2s_sim.concepts.categorical import CategoricalModel
from w2s_sim.errors import InputError


class StyleContentModel(CategoricalModel):
    """Concepts (s, c) that emit, independently, a style symbol given s and a content symbol given c.

    A categorical model of the pairs: concept k = s C + c, label y = u W + v for style symbol u and content
    symbol v. Every method for categorical concepts applies. Build the model with `style_content_model`.

    Attributes:
        num_contents: C, the number of contents per style.
        num_content_symbols: W, the number of content symbols.
    """

    prior_error_labels: ClassVar[Mapping[str, str]] = {
        "style_error": "style error (total variation, probability)",
        "content_error": "content error (total variation, probability)",
    }
    num_contents: int = eqx.field(static=True)
    num_content_symbols: int = eqx.field(static=True)

    @property
    def num_styles(self) -> int:
        """Number of styles S."""
        return self.num_concepts // self.num_contents

    def style_weights(self, prior: Float[Array, " K"]) -> Float[Array, " S"]:
        """Marginal weights of the styles under a prior (or posterior) over concepts."""
        return prior.reshape(-1, self.num_contents).sum(axis=1)

    def content_weights(self, prior: Float[Array, " K"]) -> Float[Array, " C"]:
        """Marginal weights of the contents under a prior (or posterior) over concepts."""
        return prior.reshape(-1, self.num_contents).sum(axis=0)

    def symbols(self, labels: Int[Array, " n"]) -> tuple[Int[Array, " n"], Int[Array, " n"]]:
        """Style symbol and content symbol of every label."""
        return labels // self.num_content_symbols, labels % self.num_content_symbols

    def marginal_laws(self, prior: Float[Array, " K"]) -> tuple[Float[Array, "X U"], Float[Array, "X W"]]:
        """Predictive laws of the style symbol and of the content symbol in every context, under a prior."""
        return self.split(jnp.einsum("k,kxy->xy", prior, self.tables))

    def split(self, law: Float[Array, "X V"]) -> tuple[Float[Array, "X U"], Float[Array, "X W"]]:
        """Marginal laws of the style and of the content symbol, given a law of labels for every context."""
        pairs = law.reshape(law.shape[0], -1, self.num_content_symbols)
        return pairs.sum(axis=2), pairs.sum(axis=1)

    def errors(
        self, prior: Float[Array, " K"], wanted: Float[Array, " K"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Style error and content error of the predictions under `prior` relative to the prior `wanted`.

        Each error is the total variation distance (a probability) between the two laws of the symbol,
        averaged over contexts.
        """
        return self.errors_of(jnp.einsum("k,kxy->xy", prior, self.tables), wanted)

    def prior_errors(
        self, prior: Float[Array, " K"], target_prior: Float[Array, " K"]
    ) -> dict[str, Float[Array, ""]]:
        style, content = self.errors(prior, target_prior)
        return {"style_error": style, "content_error": content}

    def errors_of(
        self, law: Float[Array, "X V"], wanted: Float[Array, " K"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Style error and content error of a law of labels per context, for example of a weak model."""
        pairs = zip(self.split(law), self.marginal_laws(wanted), strict=True)
        style, content = (
            self.contexts @ (0.5 * jnp.sum(jnp.abs(given - right), axis=1)) for given, right in pairs
        )
        return style, content


def style_content_model(
    prior: ArrayLike,
    style_tables: ArrayLike,
    content_tables: ArrayLike,
    contexts: ArrayLike | None = None,
) -> StyleContentModel:
    """Build style/content concepts from a table of styles and a table of contents.

    Args:
        prior: Joint prior over styles and contents, shape (S, C); an outer product if they are independent.
        style_tables: Law of the style symbol for every style and context, shape (S, X, U).
        content_tables: Law of the content symbol for every content and context, shape (C, X, W).
        contexts: Probabilities of the contexts, shape (X,); uniform by default.

    Raises:
        InputError: If shapes do not match, or rows are not probability vectors.
    """
    styles = probabilities("style_tables", style_tables)
    contents = probabilities("content_tables", content_tables)
    for field, tables in (("style_tables", styles), ("content_tables", contents)):
        if tables.ndim != 3 or 0 in tables.shape:
            expected = "three axes: concepts, contexts, symbols"
            raise InputError(field, f"shape {tables.shape}", expected)
    if styles.shape[1] != contents.shape[1]:
        given = f"{contents.shape[1]} contexts"
        raise InputError("content_tables", given, f"{styles.shape[1]} contexts, as in style_tables")
    joint = np.asarray(prior, float)
    require_shape("prior", joint, (len(styles), len(contents)), "styles x contents")
    num_contexts = styles.shape[1]
    tables = np.einsum("sxu,cxw->scxuw", styles, contents).reshape(joint.size, num_contexts, -1)
    even = np.full(num_contexts, 1.0 / num_contexts)
    return StyleContentModel(
        probabilities("prior", joint.ravel()),
        tables,
        even if contexts is None else contexts,
        num_contents=len(contents),
        num_content_symbols=contents.shape[2],
    )


def with_wrong_content(model: StyleContentModel, share: float) -> StyleContentModel:
    """Weak model with the right style that replaces a share of the content symbols by the next one (cyclic).

    Args:
        model: The strong model.
        share: Probability of a replacement, in [0, 1].
    """
    return _garbled(model, 0.0, share)


def with_wrong_style(model: StyleContentModel, share: float) -> StyleContentModel:
    """Weak model with the right content that replaces a share of the style symbols by the next one (cyclic).

    Args:
        model: The strong model.
        share: Probability of a replacement, in [0, 1].
    """
    return _garbled(model, share, 0.0)


def _garbled(model: StyleContentModel, style_share: float, content_share: float) -> StyleContentModel:
    def channel(size: int, share: float) -> Float[np.ndarray, "m m"]:
        require_between("weak.share", share, 0.0, 1.0)
        return (1.0 - share) * np.eye(size) + share * np.roll(np.eye(size), 1, axis=1)

    size = model.num_symbols // model.num_content_symbols
    both = np.kron(channel(size, style_share), channel(model.num_content_symbols, content_share))
    return model.through(jnp.asarray(both, dtype=float))
