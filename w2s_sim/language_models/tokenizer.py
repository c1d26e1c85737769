"""The tokenizer of a GGUF file: byte-level byte-pair encoding, and the template of a chat."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
import jinja2.sandbox

from w2s_sim.errors import InputError
from w2s_sim.language_models.extra import require_package

# Types of tokens that stand for themselves in a text: control tokens and those that a user has defined.
WHOLE_TOKENS = (3, 4)
# How texts are split before pairs are merged, by the file's own names. Digits stand alone in the first kind.
SINGLE_DIGITS = ("smollm", "starcoder", "refact", "command-r")
PLAIN = ("gpt-2", "default")
LLAMA_3 = ("llama-bpe", "llama3", "llama-v3")
# The parts into which Llama 3 splits a text; the first that matches is taken.
LLAMA_3_PARTS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",  # the end of a contraction
    r"[^\r\n\p{L}\p{N}]?\p{L}+",  # a word, with one sign or space before it
    r"\p{N}{1,3}",  # up to three digits
    r" ?[^\s\p{L}\p{N}]+[\r\n]*",  # signs, with the line breaks after them
    r"\s*[\r\n]+",  # line breaks, with the spaces before them
    r"\s+(?!\S)",  # spaces, but the last one if a word follows
    r"\s+",
)


@dataclasses.dataclass(frozen=True)
class Tokenizer:
    """Texts to token ids and back.

    Attributes:
        metadata: The file's metadata of the tokenizer, keys without the prefix "tokenizer.".
    """

    metadata: Mapping[str, Any]

    def encode(self, text: str) -> list[int]:
        """Return the ids of the tokens of a text; control tokens may be written in it. None is added."""
        return self._pairs.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, control tokens included."""
        return self._pairs.decode([int(number) for number in ids], skip_special_tokens=False)

    def chat(self, messages: Sequence[tuple[str, str]], *, answer_follows: bool = True) -> str:
        """Return the text of a conversation by the file's own template.

        Args:
            messages: Pairs of a role ("system", "user", "assistant") and what was said.
            answer_follows: Whether the text ends where the assistant begins to answer.

        Raises:
            InputError: If the file has no template, or one that cannot be rendered.
        """
        template = self.metadata.get("chat_template")
        if template is None:
            raise InputError("tokenizer.chat_template", "none", "a model that was tuned to chat")
        # A template is a program of whoever made the file.
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        said = [{"role": role, "content": content} for role, content in messages]
        try:
            return environment.from_string(template).render(
                messages=said,
                add_generation_prompt=answer_follows,
                bos_token=self._token("bos"),
                eos_token=self._token("eos"),
            )
        except jinja2.TemplateError as error:
            raise InputError(
                "tokenizer.chat_template", str(error), "a template that can be rendered"
            ) from None

    @property
    def end_token(self) -> int:
        """Id of the token that ends an answer."""
        return int(self.metadata["ggml.eos_token_id"])

    def _token(self, role: str) -> str:
        number = self.metadata.get(f"ggml.{role}_token_id")
        return "" if number is None else self.metadata["ggml.tokens"][number]

    @functools.cached_property
    def _pairs(self) -> Any:
        """The tokenizer of the package `tokenizers`.

        Raises:
            InputError: If the file's tokenizer is of another kind.
        """
        tokenizers = require_package("tokenizers")
        kind = self.metadata.get("ggml.model")
        if kind != "gpt2":
            raise InputError("tokenizer.ggml.model", repr(kind), "'gpt2', byte-level byte-pair encoding")
        names = self.metadata["ggml.tokens"]
        merges = [tuple(pair.split(" ")) for pair in self.metadata["ggml.merges"]]
        vocabulary = {name: number for number, name in enumerate(names)}
        split = self.metadata.get("ggml.pre", "default")
        # Llama 3 takes a part that is a token as it is, without merging pairs.
        model = tokenizers.models.BPE(vocab=vocabulary, merges=merges, ignore_merges=split in LLAMA_3)
        made = tokenizers.Tokenizer(model)
        made.pre_tokenizer = _splitting(tokenizers.pre_tokenizers, tokenizers.Regex, split)
        made.decoder = tokenizers.decoders.ByteLevel()
        types = self.metadata["ggml.token_type"]
        whole = [name for name, kind in zip(names, types, strict=True) if kind in WHOLE_TOKENS]
        made.add_special_tokens(
            [tokenizers.AddedToken(name, special=True, normalized=False) for name in whole]
        )
        return made


def _splitting(parts: Any, pattern: Any, split: str) -> Any:
    """Return how a text is split before pairs are merged.

    Args:
        parts: The module `tokenizers.pre_tokenizers`.
        pattern: The class `tokenizers.Regex`.
        split: Name of the split in the file.

    Raises:
        InputError: If the split is of another kind.
    """
    if split in PLAIN:
        return parts.ByteLevel(add_prefix_space=False)
    if split in SINGLE_DIGITS:
        return parts.Sequence([parts.Digits(individual_digits=True), parts.ByteLevel(add_prefix_space=False)])
    if split in LLAMA_3:
        isolated = parts.Split(pattern("|".join(LLAMA_3_PARTS)), "isolated")
        return parts.Sequence([isolated, parts.ByteLevel(add_prefix_space=False, use_regex=False)])
    known = ", ".join((*SINGLE_DIGITS, *PLAIN, *LLAMA_3))
    raise InputError("tokenizer.ggml.pre", repr(split), f"one of {known}")
