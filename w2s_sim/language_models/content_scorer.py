"""Scoring contents: whether the content that was read off an answer is the one that is wanted."""

import dataclasses
import operator
from collections.abc import Callable
from typing import Any

from w2s_sim._checks import described
from w2s_sim.errors import InputError
from w2s_sim.language_models.styles import EXAMPLE
from w2s_sim.plugins.loading import load_named


@dataclasses.dataclass(frozen=True)
class ContentScorer:
    """Decides whether two contents are the same.

    Attributes:
        name: Name in the digest of an experiment; with the version of the code, if that is the user's own.
        same: Called with the content of an answer and the wanted content, which is the right one or the bait.
    """

    name: str
    same: Callable[[str, str], bool]


EXACT_MATCH = ContentScorer("exact match", operator.eq)


def read_scorer(place: str | None, argument: str = "--scorer") -> ContentScorer:
    """Load a scorer of the user's own.

    Args:
        place: FILE.py:NAME or MODULE:NAME, a function of the given and the wanted content that returns
            whether they are the same; None for exact match.
        argument: What names the place, for complaints.

    Raises:
        InputError: If there is no such function, or it fails or does not find a content the same as itself.
    """
    if place is None:
        return EXACT_MATCH
    loaded, version = load_named(place, argument)
    same: Any = loaded
    if not callable(loaded):
        raise InputError(argument, f"{place!r}, which is {described(loaded)}", "a function of two contents")
    try:
        found = bool(same(EXAMPLE, EXAMPLE))
    except Exception as error:
        given = f"{place!r}, which fails for two texts ({type(error).__name__}: {error})"
        raise InputError(argument, given, "a function of two contents") from error
    if not found:
        given = f"{place!r}, by which {EXAMPLE!r} is not the same as {EXAMPLE!r}"
        raise InputError(argument, given, "a function that finds a content the same as itself")
    return ContentScorer(f"{place} {version}", same)
