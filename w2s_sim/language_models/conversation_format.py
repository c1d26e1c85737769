"""How questions and answers are written one after the other: as lines, or as the turns of a chat."""

import dataclasses
from collections.abc import Sequence

from w2s_sim.errors import InputError
from w2s_sim.language_models.tokenizer import Tokenizer

# Stand-ins for two turns of a conversation, which no template holds.
SAID = ("QUESTION-1", "ANSWER-1", "QUESTION-2", "ANSWER-2")


@dataclasses.dataclass(frozen=True)
class Demonstration:
    """A question with an answer.

    Attributes:
        question: The question.
        answer: The answer.
    """

    question: str
    answer: str


@dataclasses.dataclass(frozen=True)
class ConversationFormat:
    """The texts around questions q and answers a: first q middle a next q middle a next ...

    Attributes:
        first: Text before the first question.
        middle: Text between a question and its answer.
        next: Text between an answer and the next question; it begins with the end of the answer.
        end: The end of an answer, one token.
        opening: Text with which every question and answer begins; it belongs to the first token of these.
    """

    first: str
    middle: str
    next: str
    end: str
    opening: str = ""

    def prompt(self, demonstrations: Sequence[Demonstration], question: str) -> str:
        """Return the demonstrations and the question, up to where its answer begins."""
        parts = [self.first]
        for shown in demonstrations:
            parts += [self.opening, shown.question, self.middle, self.opening, shown.answer, self.next]
        return "".join([*parts, self.opening, question, self.middle])

    def end_token(self, tokenizer: Tokenizer) -> int:
        """Return the id of the token that ends an answer.

        Raises:
            InputError: If the end is not one token of this tokenizer.
        """
        ids = tokenizer.encode(self.end)
        if len(ids) != 1:
            raise InputError("end", f"{self.end!r}, {len(ids)} tokens", "a text of one token")
        return ids[0]

    def end_tokens(self, tokenizer: Tokenizer) -> tuple[int, ...]:
        """Return the ids of the tokens that end a written answer: that of `end`, and the model's own.

        Raises:
            InputError: If the end is not one token of this tokenizer.
        """
        return tuple(dict.fromkeys((self.end_token(tokenizer), tokenizer.end_token)))


# Small models follow this format better than the turns of a chat.
LINES = ConversationFormat(first="Q:", middle="\nA:", next="\n\nQ:", end="\n", opening=" ")


def chat_format(tokenizer: Tokenizer) -> ConversationFormat:
    """Find the format of the chat template of a tokenizer.

    Raises:
        InputError: If the template does not write all turns in the same way, each with the end token.
    """
    roles = ("user", "assistant") * 2
    rest = tokenizer.chat(list(zip(roles, SAID, strict=True)), answer_follows=False)
    pieces = []
    for said in SAID:
        piece, found, rest = rest.partition(said)
        if not found:
            raise InputError("tokenizer.chat_template", f"no {said}", "a template that writes every turn")
        pieces.append(piece)
    first, middle, following, again = pieces
    end = tokenizer.decode([tokenizer.end_token])
    if middle != again or not following.startswith(end):
        expected = f"a template that writes turns alike, and {end!r} after each"
        raise InputError("tokenizer.chat_template", "turns that differ", expected)
    return ConversationFormat(first, middle, following, end)
