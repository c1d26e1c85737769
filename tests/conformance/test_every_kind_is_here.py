"""The suites of this folder run every class of the package that is of one of their kinds."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from typing import Any

import pytest

import w2s_sim as w2s
from tests.conformance.kinds import ESTIMATORS, FEATURE_LAWS, NOISE_LAWS, STRONG_MODELS, TASKS
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.laws.noise import NoiseLaw
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import Task

# Learners and laws that break an assumption on purpose belong to the controls of a theorem.
LEFT_OUT = ("w2s_sim.statements.",)


def below(base: type) -> Iterable[type]:
    for cls in base.__subclasses__():
        yield cls
        yield from below(cls)


def classes_of(base: type) -> set[str]:
    """All classes of the package of a kind, abstract ones apart."""
    for module in pkgutil.walk_packages(w2s.__path__, "w2s_sim."):
        importlib.import_module(module.name)
    return {
        cls.__name__
        for cls in below(base)
        if cls.__module__.startswith("w2s_sim.")
        and not cls.__module__.startswith(LEFT_OUT)
        and not inspect.isabstract(cls)
        and not cls.__name__.startswith("_")
    }


KINDS: dict[str, tuple[type, Any]] = {
    "strong models": (StrongModel, lambda: [make() for make, _ in STRONG_MODELS.values()]),
    "tasks": (Task, lambda: [make() for make in TASKS.values()]),
    "estimators": (w2s.Estimator, lambda: [make() for make, _ in ESTIMATORS.values()]),
    "feature laws": (FeatureLaw, lambda: [make() for make in FEATURE_LAWS.values()]),
    "noise laws": (NoiseLaw, lambda: [make() for make in NOISE_LAWS.values()]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_has_an_example(kind: str) -> None:
    base, examples = KINDS[kind]
    assert {type(example).__name__ for example in examples()} == classes_of(base)
