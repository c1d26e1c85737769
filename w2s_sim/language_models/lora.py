"""Fine-tuning by low-rank adapters: each adapted map gets the product of two thin matrices added.

After Hu et al. 2021, arXiv 2106.09685. The adapters start without a change: the fine-tuned network is
then the network itself. Only upper layers get adapters. The layers below do not change, so that they read
every example once for all steps.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from w2s_sim._checks import require_count
from w2s_sim.errors import InputError
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.token_rows import TokenRows, token_rows

ADAPTED = ("query", "value")
# Examples that the lower layers read together.
READ_TOGETHER = 16


class Adapter(eqx.Module):
    """The change of one map in the last L layers, `left @ right`.

    Attributes:
        left: From the stream to r numbers.
        right: From the r numbers to the map's outputs; zero at the start.
    """

    left: Float[Array, "L D r"]
    right: Float[Array, "L r out"]


class TrainingExamples(eqx.Module):
    """N prompts with the answers that are to be learned.

    Attributes:
        texts: Each prompt with its answer, without the last token of the answer, which no token follows.
        answers: The answers, each with its end token, arrays of shape (N, A).
        starts: Number of tokens of each prompt.
    """

    texts: TokenRows
    answers: TokenRows
    starts: Int[Array, " N"]

    @property
    def number(self) -> int:
        """Number N of examples."""
        return self.answers.tokens.shape[0]


def training_examples(
    prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]], multiple: int = 1
) -> TrainingExamples:
    """Return token ids of prompts and answers as examples.

    Args:
        prompts: The token ids of each prompt, at least one.
        answers: Those of its answer, each with its end token.
        multiple: Numbers of slots are multiples of this, so that texts of similar lengths share a program.
    """
    texts = [[*prompt, *answer[:-1]] for prompt, answer in zip(prompts, answers, strict=True)]
    return TrainingExamples(
        token_rows(texts, multiple),
        token_rows(answers, multiple),
        jnp.asarray([len(prompt) for prompt in prompts]),
    )


@dataclasses.dataclass(frozen=True)
class FineTuning:
    """How a network is fine-tuned.

    Attributes:
        learning_rate: Learning rate of Adam; it falls to zero linearly.
        epochs: Passes over the examples.
        batch: Examples of a step.
        rank: Rank r of the adapters.
        num_layers: Number of the upper layers that get adapters; those below are read once.
    """

    learning_rate: float = 3e-3
    epochs: int = 4
    batch: int = 8
    rank: int = 8
    num_layers: int = 10

    def __post_init__(self) -> None:
        if not self.learning_rate > 0.0:
            raise InputError("learning_rate", self.learning_rate, "a number > 0")
        for name in ("epochs", "batch", "rank", "num_layers"):
            require_count(name, getattr(self, name), 1)


def initial_adapters(network: Llama, rank: int, *, key: Key[Array, ""]) -> dict[str, Adapter]:
    """Return adapters that change nothing: the left matrices are random, the right ones zero.

    Args:
        network: A network of the layers that are to be adapted.
        rank: Rank r of the changes.
        key: Typed PRNG key.
    """
    adapters = {}
    for name, own_key in zip(ADAPTED, jax.random.split(key, len(ADAPTED)), strict=True):
        matrix: Array = getattr(network.layers, name)
        layers, width, outputs = matrix.shape
        left = jax.random.normal(own_key, (layers, width, rank), matrix.dtype) * width**-0.5
        adapters[name] = Adapter(left, jnp.zeros((layers, rank, outputs), matrix.dtype))
    return adapters


def adapted(network: Llama, adapters: dict[str, Adapter]) -> Llama:
    """Return the network with the changes added to the maps of its last layers."""
    for name, adapter in adapters.items():
        matrix: Array = getattr(network.layers, name)
        first = matrix.shape[0] - adapter.left.shape[0]
        changed = matrix.at[first:].add(adapter.left @ adapter.right)
        network = eqx.tree_at(lambda model, name=name: getattr(model.layers, name), network, changed)
    return network


def answer_loss(network: Llama, examples: TrainingExamples) -> Float[Array, ""]:
    """Return the mean loss of the answers' tokens, in nats, given the prompts and the tokens before."""
    return _loss_from(network, network.embedding[examples.texts.tokens], examples)


def _loss_from(network: Llama, stream: Float[Array, "N T D"], examples: TrainingExamples) -> Float[Array, ""]:
    """Return the loss, where the stream is that before the layers of the network."""
    texts = examples.texts
    hidden = network.normed(network.pass_layers(stream, texts.places, _seen(texts))[0])
    places = examples.starts[:, None] - 1 + jnp.arange(examples.answers.tokens.shape[1])
    predicting = jnp.take_along_axis(hidden, jnp.minimum(places, hidden.shape[1] - 1)[..., None], axis=1)
    scores = network.token_log_probabilities(predicting, examples.answers.tokens)
    real = examples.answers.real
    return -jnp.sum(jnp.where(real, scores, 0.0)) / jnp.sum(real)


def _seen(texts: TokenRows) -> Bool[Array, "N T T"]:
    """Return which tokens of its text each token sees: the earlier ones and itself."""
    return jnp.tril(jnp.ones((texts.tokens.shape[1],) * 2, dtype=bool)) & texts.real[:, None]


def fine_tune(
    network: Llama,
    examples: TrainingExamples,
    settings: FineTuning,
    *,
    key: Key[Array, ""],
    progress: Callable[[range], Iterable[int]] = iter,
) -> Llama:
    """Fine-tune a network on answers to prompts, by Adam on adapters of query and value maps of upper layers.

    Args:
        network: The network before.
        examples: The prompts with their answers; in each epoch they come in another order, and those that
            fill no batch wait for the next epoch.
        settings: Learning rate, epochs, batch, rank and layers.
        key: Typed PRNG key of the adapters and of the orders.
        progress: Wraps the loop over steps.

    Raises:
        InputError: If there are fewer examples than a batch has, or fewer layers than are to be adapted.
    """
    if examples.number < settings.batch:
        raise InputError("examples", examples.number, f"at least {settings.batch}, one batch")
    if network.num_layers < settings.num_layers:
        expected = f"at most {network.num_layers}, those of the network"
        raise InputError("num_layers", settings.num_layers, expected)
    below = network.num_layers - settings.num_layers
    stream = _read(network, below, examples.texts)
    upper = network.without_layers(range(below))
    steps_each = examples.number // settings.batch
    steps = steps_each * settings.epochs
    adapter_key, order_key = jax.random.split(key)
    adapters = initial_adapters(upper, settings.rank, key=adapter_key)
    moments = optax.scale_by_adam().init(adapters)  # pyright: ignore[reportArgumentType]
    for step in progress(range(steps)):
        epoch, within = divmod(step, steps_each)
        order = jax.random.permutation(jax.random.fold_in(order_key, epoch), examples.number)
        chosen = order[within * settings.batch : (within + 1) * settings.batch]
        rate = settings.learning_rate * (1.0 - step / steps)
        adapters, moments = _step(upper, adapters, moments, stream, examples, chosen, jnp.asarray(rate))
    return adapted(network, adapters)


@eqx.filter_jit
def _read(network: Llama, num_layers: int, texts: TokenRows) -> Float[Array, "N T D"]:
    """Return the stream of texts behind the first layers of a network, a few texts at a time."""

    def read(text: TokenRows) -> Float[Array, "T D"]:
        row = jax.tree.map(lambda leaf: leaf[None], text)
        stream = network.embedding[row.tokens]
        return network.pass_first_layers(num_layers, stream, row.places, _seen(row))[0]

    return jax.lax.map(read, texts, batch_size=READ_TOGETHER)


@eqx.filter_jit
def _step(
    upper: Llama,
    adapters: dict[str, Adapter],
    moments: optax.OptState,
    stream: Float[Array, "N T D"],
    examples: TrainingExamples,
    chosen: Int[Array, " batch"],
    rate: Float[Array, ""],
) -> tuple[dict[str, Adapter], optax.OptState]:
    """Take one step of Adam on the chosen examples."""
    read, batch = jax.tree.map(lambda leaf: leaf[chosen], (stream, examples))
    gradient = jax.grad(lambda own: _loss_from(adapted(upper, own), read, batch))(adapters)
    updates, moments = optax.scale_by_adam().update(gradient, moments)
    moved = jax.tree.map(lambda own, update: own - (rate * update).astype(own.dtype), adapters, updates)
    return moved, moments
