"""The keys of a table that describe the law of the label noise."""

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
DEGREES = Parameter.of(StudentTNoise, "degrees_of_freedom", f"more than 2, for noise_law = '{STUDENT_T}'")
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
        "law of the weak model's label noise; the strong model's law when left out",
        choices=CHOICES,
        choices_of="noise_laws",
    ),
    DEGREES,
)


def read_noise_law(values: dict[str, Any]) -> NoiseLaw:
    """Build the law from the checked values of a table, and remove its keys from the values.

    Raises:
        InputError: If degrees of freedom are missing for a law that needs them, or given for another law.
    """
    name, degrees = values.pop("noise_law"), values.pop("degrees_of_freedom")
    if name == STUDENT_T:
        if degrees is None:
            raise InputError("degrees_of_freedom", "nothing", f"a number > 2, for noise_law = '{STUDENT_T}'")
        return StudentTNoise(degrees)
    if degrees is not None:
        raise InputError(
            "degrees_of_freedom", degrees, f"noise_law = '{STUDENT_T}', or no degrees_of_freedom"
        )
    return registry().noise_laws[name]()


def noise_keys(law: NoiseLaw) -> dict[str, Any]:
    """Return the keys from which `read_noise_law` builds the same law.

    Raises:
        InputError: If files cannot describe the law, because a user has defined it.
    """
    if isinstance(law, StudentTNoise):
        return {"noise_law": STUDENT_T, "degrees_of_freedom": law.degrees_of_freedom}
    laws = registry().noise_laws
    names = [name for name, make in laws.items() if type(law) is make]
    if not names:
        raise InputError("noise_law", type(law).__name__, "one of " + ", ".join((*laws, STUDENT_T)))
    return {} if names == ["normal"] else {"noise_law": names[0]}
