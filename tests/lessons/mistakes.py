"""Mistakes that learners make, for every exercise, and a part of the reason that they are told."""

from typing import NamedTuple


class Mistake(NamedTuple):
    """A wrong answer: the lesson, the function, what is wrong, the code, and words of the reason."""

    lesson: str
    function: str
    name: str
    code: str
    reason: str


MISTAKES = [
    Mistake(
        "latent-concepts",
        "posterior",
        "noise not squared",
        """
def posterior(prior, vectors, noise, inputs, labels):
    residuals = labels[:, None] - inputs @ vectors.T
    return jax.nn.softmax(jnp.log(prior) - jnp.sum(residuals**2, axis=0) / (2 * noise))
""",
        "the noise squared?",
    ),
    Mistake(
        "latent-concepts",
        "posterior",
        "no such function",
        "def my_posterior(): return 0",
        "no function posterior",
    ),
    Mistake(
        "latent-concepts",
        "excess_risk",
        "features forgotten",
        """
def excess_risk(source_prior, target_prior, vectors, covariance):
    return jnp.sum(((source_prior - target_prior) @ vectors) ** 2)
""",
        "features of unequal variance",
    ),
    Mistake(
        "naive-finetuning",
        "lower_bound",
        "the weak model's risk",
        """
def lower_bound(task):
    return task.weak_risk
""",
        "must not lie above the measured value",
    ),
    Mistake(
        "naive-finetuning",
        "lower_bound",
        "nothing claimed",
        "def lower_bound(task): return 0.0",
        "known before",
    ),
    Mistake(
        "naive-finetuning",
        "lower_bound",
        "too little claimed",
        """
def lower_bound(task):
    weak = task.weak_vector - task.target_vector
    along = task.source_vector - task.weak_vector
    share = jnp.clip(-(weak @ along) / (along @ along), 0.0, 1.0)
    return 0.03 * jnp.sum((weak + share * along) ** 2)
""",
        "should fail there",
    ),
    Mistake(
        "naive-finetuning",
        "least_squares_risk",
        "classical rate",
        "def least_squares_risk(kappa, weak_noise, d, n): return kappa**2 + weak_noise**2 * d / n",
        "What is the trace?",
    ),
    Mistake(
        "refinement",
        "labeller",
        "least squares",
        """
def labeller(prior, vectors, noise, inputs, labels):
    return jnp.linalg.lstsq(inputs, labels)[0]
""",
        "it probably *fits* the labels",
    ),
    Mistake(
        "refinement",
        "upper_bound",
        "bias forgotten",
        """
def upper_bound(prior_odds, delta_squared, noise, weak_noise, kappa, n):
    return jnp.sum(prior_odds**0.5 * (1 + delta_squared / (4 * noise**2)) ** (-n / 2))
""",
        "in $q$?",
    ),
    Mistake(
        "refinement",
        "upper_bound",
        "a probability",
        "def upper_bound(prior_odds, delta_squared, noise, weak_noise, kappa, n): return 1.0",
        "without any theory",
    ),
    Mistake(
        "when-it-fails",
        "winner",
        "Euclidean length",
        """
def winner(weak_vector, vectors, covariance):
    return jnp.argmin(jnp.sum((vectors - weak_vector) ** 2, axis=1))
""",
        "unequal variances",
    ),
    Mistake(
        "when-it-fails",
        "collapsed_risk",
        "the concept of the largest weight",
        """
def collapsed_risk(vectors, weak_vectors, target_prior):
    return jnp.sum((vectors[jnp.argmax(target_prior)] - target_prior @ vectors) ** 2)
""",
        "two concepts near each other",
    ),
    Mistake(
        "prior-transfer",
        "one_round",
        "one context of all pairs",
        """
def one_round(prior, log_likelihood):
    return jax.nn.softmax(jnp.log(prior) + jnp.sum(log_likelihood, axis=0))
""",
        "normalise every row",
    ),
    Mistake(
        "prior-transfer",
        "misfit_bound",
        "no rounds",
        """
def misfit_bound(target_prior, source_prior, rounds):
    wanted = target_prior > 0
    ratio = jnp.where(wanted, target_prior, 1.0) / source_prior
    return jnp.sum(target_prior * jnp.log(ratio))
""",
        "levels off",
    ),
    Mistake(
        "language-models",
        "style_weight",
        "weights multiplied",
        """
def style_weight(prior_log_odds, log_ratios):
    return jax.nn.sigmoid(prior_log_odds) * jnp.prod(jax.nn.sigmoid(log_ratios))
""",
        "Log odds *add*",
    ),
    Mistake(
        "language-models",
        "content_taken",
        "Pythagoras",
        "def content_taken(style_left): return np.sqrt(1 - style_left**2)",
        "a point of the segment",
    ),
    Mistake(
        "asking-a-model",
        "effective_number",
        "the correlated part counts nothing",
        "def effective_number(number, correlation): return number * (1 - correlation)",
        "common part",
    ),
]
