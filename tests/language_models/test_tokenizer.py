"""Texts to tokens: against merging pairs by hand, and what a file's tokenizer must be."""

import dataclasses
import itertools
from pathlib import Path

import pytest
from tokenizers.pre_tokenizers import ByteLevel

from tests.language_models.tiny_model import MERGES, TOKENS, random_tensors, write_gguf
from w2s_sim.errors import InputError
from w2s_sim.language_models.gguf_file import read_gguf
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.tokenizer import Tokenizer

TEXTS = ["", "the", " the thing and a band", "In 1984, café's\n\n  two", "Bogotá \u2013 🙂 a=1"]


def merged(word: str) -> list[int]:
    """One word: merge the pair of the lowest rank until there is none."""
    ranks: dict[tuple[str, ...], int] = {tuple(pair.split()): rank for rank, pair in enumerate(MERGES)}
    ((symbols, _),) = ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(word)
    parts = list(symbols)
    while True:
        found = [(ranks[pair], i) for i, pair in enumerate(itertools.pairwise(parts)) if pair in ranks]
        if not found:
            return [TOKENS.index(part) for part in parts]
        _, first = min(found)
        parts[first : first + 2] = [parts[first] + parts[first + 1]]


@pytest.mark.parametrize("word", ["the", " the", " and", "thing", "banding", "á", " xthethe"])
def test_a_word_is_merged_by_rank(word: str, tiny: LanguageModel) -> None:
    assert tiny.tokenizer.encode(word) == merged(word)


@pytest.mark.parametrize("text", TEXTS)
def test_texts_round_trip(text: str, tiny: LanguageModel) -> None:
    assert tiny.tokenizer.decode(tiny.tokenizer.encode(text)) == text


def test_control_tokens_stand_for_themselves(tiny: LanguageModel) -> None:
    text = "<|im_start|>the<|im_end|>"
    assert tiny.tokenizer.encode(text) == [1, TOKENS.index("the"), 2]
    assert tiny.tokenizer.decode([1, TOKENS.index("the"), 2]) == text
    assert tiny.tokenizer.end_token == 2


def test_a_conversation_follows_the_template_of_the_file(tiny: LanguageModel) -> None:
    said = [("user", "Hi"), ("assistant", "Ho")]
    text = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHo<|im_end|>\n"
    assert tiny.tokenizer.chat(said, answer_follows=False) == text
    assert tiny.tokenizer.chat(said) == text + "<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ggml.model": "llama"}, r"tokenizer\.ggml\.model: got 'llama'; expected 'gpt2'"),
        ({"ggml.pre": "tekken"}, r"tokenizer\.ggml\.pre: got 'tekken'; expected one of smollm"),
        ({"chat_template": None}, r"tokenizer\.chat_template: got none"),
        ({"chat_template": "{% if %}"}, r"tokenizer\.chat_template: got Expected an expression"),
        (
            {"chat_template": "{{ ().__class__.__bases__ }}"},
            r"chat_template: got access to attribute",
        ),
    ],
)
def test_another_kind_is_refused_by_name(change: dict, message: str, tiny: LanguageModel) -> None:
    other = Tokenizer({**tiny.tokenizer.metadata, **change})
    with pytest.raises(InputError, match=message):
        other.encode(other.chat([("user", "Hi")]))


def test_digits_stand_alone_where_the_file_says_so(tiny: LanguageModel) -> None:
    metadata = dict(tiny.tokenizer.metadata)
    tokens = [*metadata["ggml.tokens"], "12"]
    metadata |= {"ggml.tokens": tokens, "ggml.merges": [*metadata["ggml.merges"], "1 2"]}
    metadata["ggml.token_type"] = [*metadata["ggml.token_type"], 1]
    ones = dataclasses.replace(tiny.tokenizer, metadata=metadata)
    together = Tokenizer({**metadata, "ggml.pre": "gpt-2"})
    assert ones.encode("12") == [tokens.index("1"), tokens.index("2")]
    assert together.encode("12") == [len(tokens) - 1]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("In 1984's", ["In", " ", "198", "4", "'s"]),
        ("don'T the\n\n  thing", ["don", "'T", " the", "\n\n", " ", " thing"]),
        (" x=12!\n and  ", [" x", "=", "12", "!\n", " and", "  "]),
        ('{"the": 1}\r\n', ['{"', "the", '":', " ", "1", "}\r\n"]),
        ("á \u2013 🙂\t\tin", ["á", " \u2013", " 🙂", "\t", "\tin"]),
    ],
)
def test_llama_3_splits_texts_in_its_own_way(text: str, parts: list[str], tmp_path: Path) -> None:
    """The parts by hand; pairs are merged within each."""
    assert "".join(parts) == text
    file = write_gguf(tmp_path / "tiny.gguf", random_tensors(), split="llama-bpe")
    tokenizer = Tokenizer(read_gguf(file).tokenizer)
    assert tokenizer.encode(text) == [number for part in parts for number in merged(part)]
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_llama_3_takes_a_part_that_is_a_token_as_it_is(tiny: LanguageModel) -> None:
    """The token " xyz" is the result of no merge."""
    metadata = dict(tiny.tokenizer.metadata)
    metadata |= {"ggml.tokens": [*metadata["ggml.tokens"], "Ġxyz"], "ggml.pre": "llama-bpe"}
    metadata["ggml.token_type"] = [*metadata["ggml.token_type"], 1]
    assert Tokenizer(metadata).encode(" xyz") == [len(TOKENS)]
    assert Tokenizer({**metadata, "ggml.pre": "gpt-2"}).encode(" xyz") == merged(" xyz")
