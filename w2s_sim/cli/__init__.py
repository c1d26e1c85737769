"""The command line `w2s`. Slow imports wait until a command runs."""

from w2s_sim.cli.main import main as main
