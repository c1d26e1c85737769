"""Fine-tuning by low-rank adapters: each adapted map gets the product of two thin matrices added.

After Hu et al. 2021, arXiv 2106.09685. The adapters start without a change: the fine-tuned network is
then the network itself.
"""

import dataclasses
from collections.abc import Callable, Iterable

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_count
from w2s_sim.errors import InputError
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import TokenRows

ADAPTED = ("query", "value")


class Adapter(eqx.Module):
    """The change of one map in all layers, `left @ right`.

    Attributes:
        left: From the stream to r numbers.
        right: From the r numbers to the map's outputs; zero at the start.
    """

    left: Float[Array, "L D r"]
    right: Float[Array, "L r out"]


class TrainingExamples(eqx.Module):
    """N prompts with the answers that are to be learned.

    Attributes:
        prompts: The prompts, arrays of shape (N, T).
        answers: Their answers, each with its end token, arrays of shape (N, A).
    """

    prompts: TokenRows
    answers: TokenRows

    @property
    def number(self) -> int:
        """Number N of examples."""
        return self.answers.tokens.shape[0]


@dataclasses.dataclass(frozen=True)
class FineTuning:
    """How a network is fine-tuned.

    Attributes:
        learning_rate: Learning rate of Adam; it falls to zero linearly.
        epochs: Passes over the examples.
        batch: Examples of a step.
        rank: Rank r of the adapters.
    """

    learning_rate: float = 3e-3
    epochs: int = 4
    batch: int = 8
    rank: int = 8

    def __post_init__(self) -> None:
        if not self.learning_rate > 0.0:
            raise InputError("learning_rate", self.learning_rate, "a number > 0")
        for name in ("epochs", "batch", "rank"):
            require_count(name, getattr(self, name), 1)


def initial_adapters(network: Llama, rank: int, *, key: Key[Array, ""]) -> dict[str, Adapter]:
    """Return adapters that change nothing: the left matrices are random, the right ones zero.

    Args:
        network: The network that is to be fine-tuned.
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
    """Return the network with the changes added to its maps."""
    for name, adapter in adapters.items():
        changed = getattr(network.layers, name) + adapter.left @ adapter.right
        network = eqx.tree_at(lambda model, name=name: getattr(model.layers, name), network, changed)
    return network


def answer_loss(network: Llama, examples: TrainingExamples) -> Float[Array, ""]:
    """Return the mean loss of the answers' tokens, in nats, given the prompts and the tokens before."""
    alone = jax.tree.map(lambda leaf: leaf[:, None], examples.answers)
    return -jnp.sum(score_answers(network, examples.prompts, alone)) / jnp.sum(examples.answers.real)


def fine_tune(
    network: Llama,
    examples: TrainingExamples,
    settings: FineTuning,
    *,
    key: Key[Array, ""],
    progress: Callable[[range], Iterable[int]] = iter,
) -> Llama:
    """Fine-tune a network on answers to prompts, by Adam on adapters of its query and value maps.

    Args:
        network: The network before.
        examples: The prompts with their answers; in each epoch they come in another order, and those that
            fill no batch wait for the next epoch.
        settings: Learning rate, epochs, batch and rank.
        key: Typed PRNG key of the adapters and of the orders.
        progress: Wraps the loop over steps.

    Raises:
        InputError: If there are fewer examples than a batch has.
    """
    if examples.number < settings.batch:
        raise InputError("examples", examples.number, f"at least {settings.batch}, one batch")
    steps_each = examples.number // settings.batch
    steps = steps_each * settings.epochs
    adapter_key, order_key = jax.random.split(key)
    adapters = initial_adapters(network, settings.rank, key=adapter_key)
    moments = optax.scale_by_adam().init(adapters)  # pyright: ignore[reportArgumentType]
    for step in progress(range(steps)):
        epoch, within = divmod(step, steps_each)
        order = jax.random.permutation(jax.random.fold_in(order_key, epoch), examples.number)
        chosen = order[within * settings.batch : (within + 1) * settings.batch]
        rate = settings.learning_rate * (1.0 - step / steps)
        adapters, moments = _step(network, adapters, moments, examples, chosen, jnp.asarray(rate))
    return adapted(network, adapters)


@eqx.filter_jit
def _step(
    network: Llama,
    adapters: dict[str, Adapter],
    moments: optax.OptState,
    examples: TrainingExamples,
    chosen: Int[Array, " batch"],
    rate: Float[Array, ""],
) -> tuple[dict[str, Adapter], optax.OptState]:
    """Take one step of Adam on the chosen examples."""
    batch = jax.tree.map(lambda leaf: leaf[chosen], examples)
    gradient = jax.grad(lambda own: answer_loss(adapted(network, own), batch))(adapters)
    updates, moments = optax.scale_by_adam().update(gradient, moments)
    moved = jax.tree.map(lambda own, update: own - (rate * update).astype(own.dtype), adapters, updates)
    return moved, moments
