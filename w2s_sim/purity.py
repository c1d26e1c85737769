"""Error messages for user functions that are not pure JAX functions."""

import traceback

import jax

from w2s_sim.errors import InputError

# Usual cause of each JAX error, in terms of the user's code.
CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (jax.errors.TracerBoolConversionError, "`if`, `and`, `or` or bool()"),
    (jax.errors.TracerArrayConversionError, "a function of NumPy"),
    (jax.errors.TracerIntegerConversionError, "an index or range()"),
    (jax.errors.NonConcreteBooleanIndexError, "a mask as an index"),
    (jax.errors.UnexpectedTracerError, "a value kept from another call"),
    (jax.errors.ConcretizationTypeError, "float(), int() or .item()"),
)
# Stack frames of these packages are not user code.
LIBRARIES = ("jax", "jaxlib", "equinox", "jaxtyping", "beartype", "numpy")


# Errors that JAX raises for functions that it cannot trace.
JAX_ERRORS = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)


def impure(error: Exception, field: str) -> InputError:
    """Build the error for a function that JAX cannot trace, with the cause and the line of code.

    Args:
        error: The error of JAX, one of `JAX_ERRORS`.
        field: Name of the function in the error message.
    """
    cause = next(
        (text for kind, text in CAUSES if isinstance(error, kind)), "an operation that JAX cannot trace"
    )
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
