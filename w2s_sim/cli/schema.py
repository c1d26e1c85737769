"""`w2s schema`: what editors complete study files by."""

import sys

from w2s_sim.studies.schema import schema_path


def run_schema() -> int:
    """Print the JSON schema of study files, as it is shipped."""
    sys.stdout.write(schema_path().read_text(encoding="utf-8"))
    return 0
