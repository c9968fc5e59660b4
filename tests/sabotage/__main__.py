"""Put in one fault at a time, run the tests that must notice, and say which were caught.

``python -m tests.sabotage`` tries all of them, ``python -m tests.sabotage F03 TK`` those whose id begins so.
Each fault lives in a process of its own, forked after everything was imported.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import pytest

from tests.sabotage.fault import Fault
from tests.sabotage.promises import PROMISES
from tests.sabotage.requirements import REQUIREMENTS

CAUGHT, MISSED, BROKEN = 0, 1, 2


def _noticed(fault: Fault) -> int:
    """Run in the forked child: put the fault in and run its tests."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--no-header", "-W", "ignore"]
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        fault.put_in()
        code = pytest.main([*options, *fault.tests])
    if code == pytest.ExitCode.TESTS_FAILED:
        return CAUGHT
    if code == pytest.ExitCode.OK:
        return MISSED
    os.write(2, out.getvalue()[-3000:].encode())
    return BROKEN


def _begun(fault: Fault) -> int:
    """Fork a child that tries one fault, and give its process id."""
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            code = _noticed(fault)
        finally:
            os._exit(code)
    return child


def _tried(faults: list[Fault]) -> Iterator[tuple[Fault, int]]:
    """Try as many at once as there are cores, and give each with what its child found out."""
    waiting, running = list(faults), dict[int, Fault]()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            fault = waiting.pop(0)
            running[_begun(fault)] = fault
        child, status = os.wait()
        yield running.pop(child), os.waitstatus_to_exitcode(status)


def main(prefixes: list[str]) -> int:
    """Try the faults and print a line for each and the sums."""
    chosen = [one for one in (*PROMISES, *REQUIREMENTS) if one.id.startswith(tuple(prefixes or [""]))]
    words = {CAUGHT: "caught", MISSED: "NOT CAUGHT", BROKEN: "COULD NOT BE TRIED"}
    missed = 0
    for fault, code in _tried(chosen):
        missed += code != CAUGHT
        print(f"{fault.id:6} {words.get(code, code)}: {fault.breaks}", flush=True)
    for name, faults in (("promises", PROMISES), ("requirements", REQUIREMENTS)):
        tried = [one for one in faults if one in chosen]
        if tried:
            print(f"{name}: {len(tried)} faults tried of {len(faults)}")
    print(f"{len(chosen) - missed} of {len(chosen)} caught")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
