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
]
