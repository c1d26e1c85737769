"""The keys of a table that say which law its label noise has."""

from collections.abc import Callable
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.laws.noise import LaplaceNoise, LogisticNoise, NoiseLaw, NormalNoise, StudentTNoise
from w2s_sim.plugins import registry
from w2s_sim.statements.contract.parameters import Parameter

NOISE_LAWS: dict[str, Callable[[], NoiseLaw]] = {
    "normal": NormalNoise,
    "laplace": LaplaceNoise,
    "logistic": LogisticNoise,
}
STUDENT_T = "student-t"
CHOICES = (*NOISE_LAWS, STUDENT_T)
DEGREES = Parameter("degrees_of_freedom", float, f"more than 2, for noise_law = '{STUDENT_T}'")
NOISE_PARAMETERS = (
    Parameter(
        "noise_law", str, "law of the label noise", choices=CHOICES, default="normal", choices_of="noise_laws"
    ),
    DEGREES,
)
WEAK_NOISE_PARAMETERS = (
    Parameter(
        "noise_law",
        str,
        "law of its noise; the strong model's when left out",
        choices=CHOICES,
        choices_of="noise_laws",
    ),
    DEGREES,
)


def read_noise_law(values: dict[str, Any]) -> NoiseLaw:
    """The law that a table's checked values name; takes its keys out of them.

    Raises:
        InputError: If degrees of freedom are missing where they are needed, or given where not.
    """
    name, degrees = values.pop("noise_law"), values.pop("degrees_of_freedom")
    if name == STUDENT_T:
        if degrees is None:
            raise InputError("degrees_of_freedom", "nothing", f"a number > 2, for noise_law = '{STUDENT_T}'")
        return StudentTNoise(degrees)
    if degrees is not None:
        raise InputError("degrees_of_freedom", degrees, f"noise_law = '{STUDENT_T}', whose key this is")
    return registry().noise_laws[name]()


def noise_keys(law: NoiseLaw) -> dict[str, Any]:
    """The keys from which `read_noise_law` makes the law again.

    Raises:
        InputError: If it is a law of one's own, which no file describes.
    """
    if isinstance(law, StudentTNoise):
        return {"noise_law": STUDENT_T, "degrees_of_freedom": law.degrees_of_freedom}
    laws = registry().noise_laws
    names = [name for name, make in laws.items() if type(law) is make]
    if not names:
        raise InputError("noise_law", type(law).__name__, "one of " + ", ".join((*laws, STUDENT_T)))
    return {} if names == ["normal"] else {"noise_law": names[0]}
