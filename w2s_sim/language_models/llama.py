"""The Llama architecture: a decoder with rotary positions and attention in groups, as an equinox module.

The architecture is that of Touvron et al. 2023, arXiv 2302.13971, with grouped queries (Ainslie et al. 2023,
arXiv 2305.13245), rotary positions (Su et al. 2021, arXiv 2104.09864) and root-mean-square norms (Zhang and
Sennrich 2019, arXiv 1910.07467).

Which tokens a token sees is an argument, not part of the model: a causal row, rows with padding, and many
answers packed behind one prompt are the same call with other arrays.
"""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from w2s_sim.errors import InputError
from w2s_sim.language_models.attention import attend
from w2s_sim.language_models.key_value_cache import KeyValueCache


@dataclasses.dataclass(frozen=True)
class LlamaSizes:
    """The sizes of a Llama, and its two constants.

    Attributes:
        num_layers: Number of layers L.
        width: Width D of the residual stream.
        feed_forward_width: Width F between the two maps of the gated perceptron.
        num_heads: Number of query heads H.
        num_key_value_heads: Number of key and value heads G, a divisor of H.
        head_width: Width C of a head, even.
        vocabulary_size: Number of tokens V.
        context_length: Number of tokens that the model was trained to see.
        rotary_base: Base of the wavelengths of the rotary positions.
        norm_epsilon: Added to mean squares before the root is taken.
    """

    num_layers: int
    width: int
    feed_forward_width: int
    num_heads: int
    num_key_value_heads: int
    head_width: int
    vocabulary_size: int
    context_length: int
    rotary_base: float
    norm_epsilon: float


class LlamaLayers(eqx.Module):
    """The weights of all L layers, stacked along the first axis; every map takes a row from the left.

    Attributes:
        attention_norm: Scale of the norm before attention.
        query: Map to the queries. The two halves of a head's width are the two coordinates that a rotary
            position turns.
        key: Map to the keys, in the same order.
        value: Map to the values.
        attention_output: Map from the heads back to the stream.
        feed_forward_norm: Scale of the norm before the gated perceptron.
        gate: Map to the gates, before the sigmoid linear unit.
        up: Map to what the gates let through.
        down: Map back to the stream.
    """

    attention_norm: Float[Array, "L D"]
    query: Float[Array, "L D HC"]
    key: Float[Array, "L D GC"]
    value: Float[Array, "L D GC"]
    attention_output: Float[Array, "L HC D"]
    feed_forward_norm: Float[Array, "L D"]
    gate: Float[Array, "L D F"]
    up: Float[Array, "L D F"]
    down: Float[Array, "L F D"]


class Llama(eqx.Module):
    """A language model: tokens to the log probabilities of the next token.

    Attributes:
        sizes: The sizes and constants.
        embedding: Vectors of the tokens.
        layers: The weights of all layers.
        output_norm: Scale of the last norm.
        output: Vectors whose products with the last hidden state are the logits; None if they are those of
            the embedding.
    """

    sizes: LlamaSizes = eqx.field(static=True)
    embedding: Float[Array, "V D"]
    layers: LlamaLayers
    output_norm: Float[Array, " D"]
    output: Float[Array, "V D"] | None = None

    def hidden_states(
        self,
        tokens: Int[Array, "B T"],
        positions: Int[Array, "B T"],
        visible: Bool[Array, "B T S"],
        caches: Sequence[KeyValueCache] = (),
    ) -> tuple[Float[Array, "B T D"], KeyValueCache]:
        """Compute the hidden states of B rows of T tokens after the last norm.

        Args:
            tokens: The tokens of each row; any token may stand where nothing sees it.
            positions: The place of each token in its text, from 0.
            visible: Which slots each token sees: those of the caches in order, then the T of its own row.
            caches: Keys and values of earlier tokens, of B rows or of one row that all rows share.

        Returns:
            The hidden states, and the keys and values of these tokens.
        """
        stream, new = self.pass_layers(self.embedding[tokens], positions, visible, caches)
        return self.normed(stream), new

    def pass_layers(
        self,
        stream: Float[Array, "B T D"],
        positions: Int[Array, "B T"],
        visible: Bool[Array, "B T S"],
        caches: Sequence[KeyValueCache] = (),
    ) -> tuple[Float[Array, "B T D"], KeyValueCache]:
        """Pass the stream of B rows of T tokens through all layers.

        Args:
            stream: The embeddings of the tokens, or what layers before these made of them.
            positions: The place of each token in its text, from 0.
            visible: Which slots each token sees, see `hidden_states`.
            caches: Keys and values of earlier tokens in these layers.

        Returns:
            The stream behind the layers, and the keys and values of these tokens.
        """
        turn = _rotary(positions, self.sizes)

        def layer(stream: Array, layer: tuple[LlamaLayers, tuple]) -> tuple[Array, KeyValueCache]:
            return _layer(self.sizes, stream, layer[0], layer[1], turn, visible)

        return jax.lax.scan(layer, stream, (self.layers, tuple(caches)))

    def pass_first_layers(
        self,
        num_layers: int,
        stream: Float[Array, "B T D"],
        positions: Int[Array, "B T"],
        visible: Bool[Array, "B T T"],
    ) -> Float[Array, "B T D"]:
        """Pass the stream of B rows of T tokens through the first layers alone; no weights are copied.

        Args:
            num_layers: Number of these layers.
            stream: The embeddings of the tokens.
            positions: The place of each token in its text, from 0.
            visible: Which tokens of its row each token sees.
        """
        turn = _rotary(positions, self.sizes)

        def layer(stream: Array, number: Array) -> tuple[Array, None]:
            weights = jax.tree.map(lambda leaf: leaf[number], self.layers)
            return _layer(self.sizes, stream, weights, (), turn, visible)[0], None

        return jax.lax.scan(layer, stream, jnp.arange(num_layers))[0]

    def normed(self, stream: Float[Array, "*rows D"]) -> Float[Array, "*rows D"]:
        """Return the hidden states, which are the stream behind all layers after the last norm."""
        return _norm(stream, self.output_norm, self.sizes)

    def log_probabilities(self, hidden: Float[Array, "*rows D"]) -> Float[Array, "*rows V"]:
        """Log probabilities, in nats, of the token after each hidden state; in float32 or better."""
        return jax.nn.log_softmax(self.logits(hidden))

    def token_log_probabilities(
        self, hidden: Float[Array, "*rows D"], tokens: Int[Array, "*rows"]
    ) -> Float[Array, "*rows"]:
        """Log probability, in nats, of a given token after each hidden state."""
        logits = self.logits(hidden)
        chosen = jnp.take_along_axis(logits, tokens[..., None], axis=-1)[..., 0]
        return chosen - jax.nn.logsumexp(logits, axis=-1)

    def logits(self, hidden: Float[Array, "*rows D"]) -> Float[Array, "*rows V"]:
        """Log probabilities up to a constant for each hidden state; in float32 or better."""
        logits = hidden @ (self.embedding if self.output is None else self.output).T
        return logits.astype(jnp.promote_types(logits.dtype, jnp.float32))

    def without_layers(self, left_out: Sequence[int]) -> "Llama":
        """Return the network without some of its layers: a weaker model that speaks the same language.

        Args:
            left_out: Indices of the layers, from 0.

        Raises:
            InputError: If an index is out of range.
        """
        kept = [layer for layer in range(self.num_layers) if layer not in left_out]
        if not set(left_out) <= set(range(self.num_layers)) or not kept:
            raise InputError("left_out", list(left_out), f"some of the layers 0 to {self.num_layers - 1}")
        layers = jax.tree.map(lambda leaf: leaf[jnp.array(kept)], self.layers)
        return dataclasses.replace(self, layers=layers)

    @property
    def num_layers(self) -> int:
        """Number of layers, which is smaller than that of the file if layers were left out."""
        return self.layers.query.shape[0]


def _layer(
    sizes: LlamaSizes,
    stream: Float[Array, "B T D"],
    weights: LlamaLayers,
    caches: tuple[KeyValueCache, ...],
    turn: tuple[Array, Array],
    visible: Bool[Array, "B T S"],
) -> tuple[Float[Array, "B T D"], KeyValueCache]:
    """Compute one layer; `weights` and `caches` are those of this layer, without the first axis."""
    normed = _norm(stream, weights.attention_norm, sizes)

    def heads(matrix: Array) -> Float[Array, "B N T C"]:
        return (normed @ matrix).reshape(*stream.shape[:2], -1, sizes.head_width).swapaxes(1, 2)

    new = KeyValueCache(_turned(heads(weights.key), turn), heads(weights.value))
    attended = attend(_turned(heads(weights.query), turn), (*caches, new), visible)
    stream = stream + attended.swapaxes(1, 2).reshape(*stream.shape[:2], -1) @ weights.attention_output
    normed = _norm(stream, weights.feed_forward_norm, sizes)
    return stream + (jax.nn.silu(normed @ weights.gate) * (normed @ weights.up)) @ weights.down, new


def _norm(
    stream: Float[Array, "... D"], scale: Float[Array, " D"], sizes: LlamaSizes
) -> Float[Array, "... D"]:
    squares = jnp.mean(
        jnp.square(stream.astype(jnp.promote_types(stream.dtype, jnp.float32))), axis=-1, keepdims=True
    )
    return (stream * jax.lax.rsqrt(squares + sizes.norm_epsilon).astype(stream.dtype)) * scale


def _rotary(
    positions: Int[Array, "B T"], sizes: LlamaSizes
) -> tuple[Float[Array, "B 1 T half"], Float[Array, "B 1 T half"]]:
    """Cosines and sines of the angles by which each position turns the pairs of coordinates of a head."""
    half = sizes.head_width // 2
    frequencies = sizes.rotary_base ** (-jnp.arange(half) / half)
    angles = positions[:, None, :, None] * frequencies
    return jnp.cos(angles), jnp.sin(angles)


def _turned(heads: Float[Array, "B N T C"], turn: tuple[Array, Array]) -> Float[Array, "B N T C"]:
    cosines, sines = (part.astype(heads.dtype) for part in turn)
    first, second = jnp.split(heads, 2, axis=-1)
    return jnp.concatenate([first * cosines - second * sines, first * sines + second * cosines], axis=-1)
