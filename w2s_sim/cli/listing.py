"""`w2s list`: the theorems and the ready studies, without loading either."""

import json

from rich.markup import escape

from w2s_sim.book.contents import read_contents
from w2s_sim.cli.arguments import List
from w2s_sim.cli.console import NARROW, make_console, make_table, print_table


def run_list(arguments: List) -> int:
    """Print a line per theorem, then a line per ready study."""
    contents = read_contents()
    if arguments.json:
        print(json.dumps(contents, indent=1))
        return 0
    console = make_console()
    # A narrow terminal has no room for the pages, which `w2s show` names as well.
    columns = ("theorem", "kind", "title", "lemmas", "page")[: 4 if console.width < NARROW else 5]
    table = make_table(*columns, whole=("theorem", "kind"), right=("lemmas",))
    for theorem in contents["theorems"]:
        lemmas = str(len(theorem["lemmas"]))
        cells = (theorem["id"], theorem["kind"], theorem["title"], lemmas, theorem["page"])
        table.add_row(*cells[: len(columns)])
    print_table(console, table)
    console.print()
    ready = make_table("ready study (w2s run NAME)", "question", whole=("ready study (w2s run NAME)",))
    for study in contents["studies"]:
        ready.add_row(study["name"], escape(study["question"]))
    print_table(console, ready)
    return 0
