"""A toy network as strong model: a two-layer perceptron that reads weak examples by gradient steps.

w2s run toy_network.toml --plugin toy_network.py --out out
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import w2s_sim as w2s
from w2s_sim.fields import part

# Gauss-Hermite quadrature of normal inputs in the plane: risks are exact up to its error.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
GRID = np.stack([axis.ravel() for axis in np.meshgrid(NODES, NODES)], axis=1)
MASS = np.outer(WEIGHTS, WEIGHTS).ravel() / WEIGHTS.sum() ** 2


class Perceptron(w2s.StrongModel):
    """x -> head . tanh(hidden x + bias), with random weights.

    Attributes:
        hidden: Shape (width, 2).
        bias: Shape (width,).
        head: Shape (width,).
        noise: Standard deviation of the labels that it draws.
        steps: Gradient steps of the head on a context.
    """

    kind = "toy networks"
    estimator_example = "NetworkFinetuning(num_weak=32)"
    hidden: jax.Array
    bias: jax.Array
    head: jax.Array
    noise: jax.Array
    steps: int = eqx.field(static=True, default=8)

    def predict(self, inputs):
        return jnp.tanh(inputs @ self.hidden.T + self.bias) @ self.head

    def with_head(self, head):
        return eqx.tree_at(lambda model: model.head, self, head)

    def read(self, context):
        features = jnp.tanh(context.inputs @ self.hidden.T + self.bias)

        def step(_, head):
            errors = features @ head - context.labels
            return head - errors @ features / max(len(errors), 1) / self.head.shape[0]

        return self.with_head(jax.lax.fori_loop(0, self.steps, step, self.head))

    def relabel(self, inputs, *, key):
        return self.predict(inputs) + self.noise * jax.random.normal(key, inputs.shape[:1])


class NetworkTask(w2s.Task[Perceptron, Perceptron]):
    """The target is the strong model with another head; the weak model has a wrong one, and noise."""

    source: Perceptron = eqx.field(converter=part("source", Perceptron, "a Perceptron"))
    target: Perceptron
    supervisor: Perceptron

    @property
    def metric_labels(self):
        return {"risk": "mean squared error (squared label units)", "at_zero": "error at 0 (label units)"}

    def metrics(self, student):
        errors = student.predict(jnp.asarray(GRID, float)) - self.target.predict(jnp.asarray(GRID, float))
        at_zero = student.predict(jnp.zeros((1, 2))) - self.target.predict(jnp.zeros((1, 2)))
        return {"risk": jnp.asarray(MASS, float) @ errors**2, "at_zero": at_zero[0]}

    @property
    def weak_student(self):
        return self.supervisor

    def sample_weak(self, num_weak, *, context_size=1, key):
        input_key, label_key = jax.random.split(key)
        inputs = jax.random.normal(input_key, (num_weak, 2))
        return w2s.WeakData(inputs, self.supervisor.relabel(inputs, key=label_key))


class NetworkFinetuning(w2s.Estimator):
    """All weights of the strong model, fine-tuned on weak labels by Adam."""

    concepts = Perceptron
    learning_rate: float = eqx.field(static=True, default=0.01)
    steps: int = eqx.field(static=True, default=40)
    num_weak: int = eqx.field(static=True, kw_only=True)

    @property
    def sample_size(self):
        return self.num_weak

    def fit(self, source, data, *, key):
        adam = optax.adam(self.learning_rate)

        def loss(network):
            return jnp.mean((network.predict(data.inputs) - data.labels) ** 2)

        def step(_, state):
            network, moments = state
            updates, moments = adam.update(jax.grad(loss)(network), moments)
            return eqx.apply_updates(network, updates), moments

        return jax.lax.fori_loop(0, self.steps, step, (source, adam.init(source)))[0]


def build(values, weak):
    keys = jax.random.split(jax.random.key(values["seed"]), 5)
    width = values["width"]
    hidden, bias = jax.random.normal(keys[0], (width, 2)), jax.random.normal(keys[1], (width,))
    head, shift, wrong = (jax.random.normal(key, (width,)) / width**0.5 for key in keys[2:])
    source = Perceptron(hidden, bias, head, jnp.asarray(values["noise"]))
    target = source.with_head(head + values["shift"] * shift)
    return NetworkTask(source, target, target.with_head(target.head + weak["error"] * wrong))


def finetune(task, numbers):
    return NetworkFinetuning(numbers["learning_rate"], numbers["steps"], num_weak=numbers["num_weak"])


def refine(task, numbers):
    return w2s.Refinement(numbers["num_demonstrations"], finetune(task, numbers))


PARAMETERS = (
    w2s.Parameter("width", int, "hidden units", example=16, default=16, low=1, high=4096),
    w2s.Parameter("noise", float, "of labels", example=0.3, default=0.3, low=0),
    w2s.Parameter("shift", float, "of the target's head", example=1.0, default=1.0, low=0),
    w2s.Parameter("seed", int, "of the weights", example=0, default=0, low=0),
)
ERROR = w2s.Parameter("error", float, "of the weak model's head", example=0.5, default=0.5, low=0)
NUM_WEAK = w2s.Parameter("num_weak", int, "pairs of fine-tuning", example=32, required=True, low=1)
READ = w2s.Parameter("num_demonstrations", int, "pairs in context", example=16, required=True, low=1)
ADAM = (
    w2s.Parameter("learning_rate", float, "of Adam", example=0.01, default=0.01, low=0, open_low=True),
    w2s.Parameter("steps", int, "of Adam", example=40, default=40, low=0),
)
NETWORK = w2s.TaskKind("toy-network", build, PARAMETERS, NetworkTask, Perceptron, (ERROR,))
FINETUNE = w2s.EstimatorKind("network-finetune", finetune, (NUM_WEAK, *ADAM), sources=(Perceptron,))
REFINE = w2s.EstimatorKind("network-refine", refine, (READ, NUM_WEAK, *ADAM), sources=(Perceptron,))
PLUGIN = w2s.Plugin("toy-network", tasks=(NETWORK,), estimators=(FINETUNE, REFINE))
