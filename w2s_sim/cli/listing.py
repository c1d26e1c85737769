"""`w2s list`: the theorems and the ready studies, from a file, without importing them."""

import json

from rich.markup import escape

from w2s_sim.book.contents import read_contents
from w2s_sim.cli.arguments import List
from w2s_sim.cli.console import NARROW, make_console, make_table, print_table
from w2s_sim.cli.plugin_listing import plugin_contents

# The parts of a plugin, other than theorems and studies, that files name.
KINDS = ("tasks", "estimators", "feature_laws", "noise_laws")


def run_list(arguments: List) -> int:
    """Print one line per theorem, then one line per ready study, then one line per plugin."""
    contents, brought = read_contents(), plugin_contents(arguments.plugins)
    contents["theorems"] += brought["theorems"]
    contents["studies"] += brought["studies"]
    if arguments.json:
        plugins = {"plugins": brought["plugins"]} if brought["plugins"] else {}
        print(json.dumps({**contents, **plugins}, indent=1))
        return 0
    console = make_console()
    # A narrow terminal has no room for the column `page`; `w2s show` prints the page too.
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
    if brought["plugins"]:
        console.print()
        table = make_table("plugin", "from", "kinds and laws for files", whole=("plugin",))
        for plugin in brought["plugins"]:
            names = [name for key in KINDS for name in plugin[key]]
            table.add_row(plugin["name"], escape(f"{plugin['origin']}"), ", ".join(names))
        print_table(console, table)
    return 0
