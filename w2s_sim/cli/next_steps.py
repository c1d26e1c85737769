"""What a newcomer may type next: printed by `w2s` alone and below the picture of `w2s demo`."""

STEPS = {
    "demo": ("w2s demo", "the floor of fine-tuning and refinement below it, in seconds"),
    "list": ("w2s list", "the theorems and the ready studies"),
    "verify": ("w2s verify naive-floor", "check a theorem by simulation (all of them without a name)"),
    "show": ("w2s show naive-floor --open", "its page with the proof"),
    "run": ("w2s run naive-vs-refined --out out", "a study: a table and figures"),
    "figures": ("w2s figures headline --out out", "a figure of the gallery at the width of a column"),
    "teach": ("w2s teach", "lessons and an explorer in the browser"),
    "book": ("w2s book", "the book: proofs, concept models, how-tos, reference"),
    "help": ("w2s --help", "every command and its options"),
}
HEADLINE = "w2s-sim: theorems of weak-to-strong generalization that you can run."


def next_steps(shown: str = "") -> str:
    """Return one line per command, without the command that has just run."""
    steps = [step for name, step in STEPS.items() if name != shown]
    width = max(len(command) for command, _ in steps)
    return "\n".join(["Next:", *(f"  {command:<{width}}  {meaning}" for command, meaning in steps)])
