"""What is said where a function of the user's is not a pure JAX function."""

import traceback

import jax

from w2s_sim.errors import InputError

# What each of JAX's errors comes from, in the words of whoever wrote the function.
CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (jax.errors.TracerBoolConversionError, "`if`, `and`, `or` or bool()"),
    (jax.errors.TracerArrayConversionError, "a function of NumPy"),
    (jax.errors.TracerIntegerConversionError, "an index or range()"),
    (jax.errors.NonConcreteBooleanIndexError, "a mask as an index"),
    (jax.errors.UnexpectedTracerError, "a value kept from another call"),
    (jax.errors.ConcretizationTypeError, "float(), int() or .item()"),
)
# Frames of these packages are not the user's.
LIBRARIES = ("jax", "jaxlib", "equinox", "jaxtyping", "beartype", "numpy")


# Errors by which JAX says so.
JAX_ERRORS = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)


def impure(error: Exception, field: str) -> InputError:
    """The complaint about a function that did what cannot be traced, and in which line.

    Args:
        error: JAX's own, one of `JAX_ERRORS`.
        field: Which function it is.
    """
    cause = next((text for kind, text in CAUSES if isinstance(error, kind)), "what cannot be traced")
    frames = [
        (frame.f_code.co_filename.rsplit("/", 1)[-1], line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").split(".")[0] not in LIBRARIES
    ]
    place = " in {}, line {}".format(*frames[-1]) if frames else ""
    return InputError(
        field,
        f"{cause} on a traced value{place}",
        "a pure function of JAX, which jit and vmap accept: jnp.where in place of if, jax.numpy in place of "
        "NumPy, no float()",
    )
