"""Ctrl-C ends the server although a thread still computes for a page."""

import signal
import subprocess
import sys

# `Server` in a process of its own, with a thread of the event loop's executor that is busy for minutes.
PROGRAM = """
import asyncio, time
from w2s_sim.cli.exit_status import leave_interrupted
from w2s_sim.teaching import server

started = server._EndsAtOnce.startup

async def startup(self, sockets=None):
    await started(self, sockets)
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 300)
    print("serving", flush=True)

server._EndsAtOnce.startup = startup
try:
    server.Server([], server.free_socket(0)).run()
except KeyboardInterrupt:
    leave_interrupted()
"""


def test_a_busy_thread_does_not_delay_the_end() -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "serving"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.strip() == "w2s: interrupted"
