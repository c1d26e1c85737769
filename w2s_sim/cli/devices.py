"""What has to be known before XLA starts."""

import os
import re

HOST_DEVICES = re.compile(r"--xla_force_host_platform_device_count=(\d+)")


def make_room_for_devices() -> None:
    """Give XLA's pool a thread more than there are virtual CPU devices, unless its size was chosen.

    Each device's decompositions hold one while they wait for another (see `usable_devices`).
    """
    match = HOST_DEVICES.search(os.environ.get("XLA_FLAGS", ""))
    given = match[1] if match else os.environ.get("JAX_NUM_CPU_DEVICES", "")
    if given.isdecimal() and int(given) > 1:
        threads = max(len(os.sched_getaffinity(0)), int(given) + 1)
        os.environ.setdefault("NPROC", str(threads))
