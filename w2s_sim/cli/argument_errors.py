"""Errors in the arguments of a command in one line: the argument, the accepted arguments, the help."""

from collections.abc import Sequence

from w2s_sim.errors import InputError, did_you_mean, not_among

COMMANDS = "Available subcommands: "
MISSING_COMMAND = "Expected one of {"
MISSING_ARGUMENT = "Missing from w2s "
UNKNOWN = "Unrecognized options: "
SUGGESTIONS = "Perhaps you meant:"


def argument_error(box: str, arguments: Sequence[str]) -> str:
    """Say in one line what is wrong with the arguments.

    Args:
        box: The error that tyro prints: a box of paragraphs with rules between them.
        arguments: The arguments that tyro refused.
    """
    command = [word for word in arguments[: 2 if arguments[0] == "lm" else 1] if not word.startswith("-")]
    paragraphs = _paragraphs(box)
    text = " ".join(paragraphs[0])
    if text.startswith(MISSING_COMMAND):
        names = text.removeprefix(MISSING_COMMAND).partition("}")[0]
        return f"{InputError('command', 'nothing', f'one of {names}')} (see w2s {arguments[0]} --help)"
    if text.startswith(UNKNOWN):
        unknown = text.removeprefix(UNKNOWN).split(", ")[0]
        listed = next((words for words in map(" ".join, paragraphs) if words.startswith(COMMANDS)), "")
        if listed and unknown in arguments[:2]:
            above = " ".join(["w2s", *(word for word in command if word != unknown), "--help"])
            return f"{not_among('command', unknown, listed.removeprefix(COMMANDS).split(', '))} (see {above})"
        options = _options_near(paragraphs, command)
        given = repr(unknown) + did_you_mean(unknown, options[:1]) if options else repr(unknown)
        text = str(InputError("argument", given, f"an argument of w2s {' '.join(command)}"))
    elif text.startswith(MISSING_ARGUMENT):
        name, *help_text = paragraphs[0][1:]
        meaning = " ".join(help_text).partition(" (required)")[0].removesuffix(".")
        text = str(InputError(name, "nothing", meaning[:1].lower() + meaning[1:]))
    return f"{text} (see {' '.join(['w2s', *command, '--help'])})"


def _paragraphs(box: str) -> list[list[str]]:
    """Return the lines of the box below its title, in the paragraphs that the rules divide.

    Where a terminal has no characters for boxes, tyro draws the rules with hyphens, and no sides.
    """
    paragraphs: list[list[str]] = [[]]
    for line in box.splitlines():
        words = line.strip("│ \t")
        if words.startswith(("╭", "╰")) or (words and set(words) <= {"─", "-"}):
            paragraphs.append([])
        elif words:
            paragraphs[-1].append(words)
    return [paragraph for paragraph in paragraphs[1:] if paragraph] or [box.split()]


def _options_near(paragraphs: list[list[str]], command: Sequence[str]) -> list[str]:
    """Return the options of this command that tyro suggests, without those of other commands."""
    place = f"in w2s {' '.join(command)} --help"
    options: list[str] = []
    for paragraph in paragraphs:
        if paragraph[0] != SUGGESTIONS:
            continue
        option = ""
        for line in paragraph[1:]:
            option = line.split()[0] if line.startswith("--") else option
            if line == place:
                options.append(option)
    return options
