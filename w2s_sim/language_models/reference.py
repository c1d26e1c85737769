"""Reference values of another program for the default model: token ids and log probabilities."""

import dataclasses
import json
from importlib.resources import files

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import last_hidden, read_rows
from w2s_sim.language_models.token_rows import TokenRows, token_rows

# A correct computation in float32 differs from the reference by less than this, in nats; a trial by 0.008.
TOLERANCE = 0.02


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How far a model is from the reference values.

    Attributes:
        texts: Number of texts.
        same_tokens: Number of texts whose token ids are those of the reference.
        nats: Largest difference of a log probability, in nats, given the reference's tokens.
    """

    texts: int
    same_tokens: int
    nats: float

    @property
    def holds(self) -> bool:
        """Whether all tokens are the same, and all log probabilities within `TOLERANCE`."""
        return self.same_tokens == self.texts and self.nats < TOLERANCE


def compare_with_reference(model: LanguageModel) -> Agreement:
    """Compare a model with the values of llama.cpp for the default model (`data/README.md`)."""
    stored = files("w2s_sim.language_models").joinpath("data/smollm2_reference.json").read_text("utf-8")
    reference = json.loads(stored)
    same = sum(model.tokenizer.encode(entry["text"]) == entry["ids"] for entry in reference)
    rows = token_rows([entry["ids"] for entry in reference])
    laws = np.asarray(_next_laws(model.network, rows))
    differences = [
        abs(law[token] - value)
        for law, entry in zip(laws, reference, strict=True)
        for token, value in entry["top"]
    ]
    return Agreement(len(reference), same, float(max(differences)))


@eqx.filter_jit
def _next_laws(network: Llama, rows: TokenRows) -> Float[Array, "B V"]:
    hidden, _ = read_rows(network, rows)
    return network.log_probabilities(last_hidden(hidden, rows))
