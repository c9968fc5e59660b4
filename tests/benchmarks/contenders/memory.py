"""How much memory this process has now, and has had at most, in MiB.

Read where Linux keeps it for the program that runs: the peak that `resource.getrusage` tells begins with that of the
process which started this one, and that may be a large one.
"""

from pathlib import Path


def resident() -> float:
    """Give what it has now."""
    return _kept("VmRSS")


def peak() -> float:
    """Give the most that it has had."""
    return _kept("VmHWM")


def _kept(name: str) -> float:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    (found,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) / 1024
