"""Collect the tests once, then try each fault in a process of its own.

A trial forks, puts its fault in and runs the tests that must notice, up to the first that does.  Those that noticed
then run without any fault, so that a fault counts as caught only if the test that caught it holds otherwise.
"""

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

import hypothesis
import pytest

from tests.sabotage.fault import Fault

#: No trial takes longer, in seconds.
_LONGEST = 120
#: How many tests one process runs without a fault.
_PORTION = 25
_CAUGHT, _MISSED, _BROKEN, _CRASHED = 0, 1, 2, 3
#: Errors by which code is broken and not only wrong.
_CRASHES = (NameError, AttributeError, TypeError, KeyError, ImportError)
_LEFT_OUT = ("terminal", "cacheprovider", "xdist", "cov", "anyio")
_OPTIONS = (
    "-s",
    "-W",
    "ignore",
    "-o",
    "addopts=--import-mode=importlib",
    *(f"-pno:{one}" for one in _LEFT_OUT),
)


class Outcome(StrEnum):
    """What became of a trial."""

    CAUGHT = "caught"
    MISSED = "NOT CAUGHT"
    BROKEN = "COULD NOT BE TRIED"
    CRASHED = "COULD NOT BE TRIED, it stops the code instead of making it wrong"
    FAILS_ANYWAY = "COULD NOT BE TRIED, what noticed it fails without it"
    NO_TEST = "COULD NOT BE TRIED, no test has this name"
    TOO_LONG = "COULD NOT BE TRIED, it took too long"


class Trials:
    """A pytest plugin that runs trials in place of the tests.

    Args:
        faults: what to try.
        tell: called with each fault and what became of it.
    """

    def __init__(self, faults: Sequence[Fault], tell: Callable[[Fault, Outcome], None]) -> None:
        self._faults = faults
        self._tell = tell
        self._failed: list[str] = []
        self._crashed = False

    def run(self) -> None:
        """Collect the tests and try all faults."""
        # The same examples each time, and none is remembered or made smaller: a trial asks only whether one fails.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "trial", deadline=None, derandomize=True, database=None, phases=phases
        )
        files = sorted(
            file for file in set[str]().union(*(one.files for one in self._faults)) if Path(file).exists()
        )
        code = pytest.main([*_OPTIONS, *files], plugins=[self])
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise SystemExit("the tests could not be collected")

    def pytest_sessionstart(self) -> None:
        """Let the properties be tried in the way of trials; the conftest has set its own by now."""
        hypothesis.settings.load_profile("trial")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say why a file could not be read."""
        if report.failed:
            sys.stdout.write(f"{report.longreprtext}\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Notice a fault that stops the library's code by itself."""
        if call.excinfo is not None and isinstance(call.excinfo.value, RecursionError):
            self._crashed = True
        elif call.excinfo is not None and isinstance(call.excinfo.value, _CRASHES):
            self._crashed |= "customer_accounts" in Path(call.excinfo.traceback[-1].path).parts

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the trials in place of the tests."""
        with tempfile.TemporaryDirectory() as folder:
            noticed = self._noticed(session.items, Path(folder))
            needed = [item for item in session.items if item.nodeid in noticed.values()]
            failing = self._failing_anyway(needed, Path(folder))
        for fault, node_id in noticed.items():
            self._tell(fault, Outcome.FAILS_ANYWAY if node_id in failing else Outcome.CAUGHT)
        return True

    def _noticed(self, items: Sequence[pytest.Item], folder: Path) -> dict[Fault, str]:
        """Try the faults, tell of those that no test noticed, and give the others with the test that did."""
        trials, noticed = dict[int, tuple[Fault, Path]](), dict[Fault, str]()

        def begin() -> Iterator[int]:
            for number, fault in enumerate(self._faults):
                wanted = [item for item in items if fault.wants(item.nodeid)]
                if wanted:
                    note = folder / f"noticed {number}"
                    child = _forked(partial(self._try, fault, wanted, note))
                    trials[child] = fault, note
                    yield child
                else:
                    self._tell(fault, Outcome.NO_TEST)

        for child, code in _in_parallel(begin()):
            fault, note = trials.pop(child)
            if code == _CAUGHT:
                noticed[fault] = note.read_text("utf-8")
            else:
                self._tell(fault, _outcome(code))
        return noticed

    def _try(self, fault: Fault, items: list[pytest.Item], note: Path) -> int:
        fault.put_in()
        if not self._fails(items):
            return _MISSED
        note.write_text(self._failed[0], "utf-8")
        return _CRASHED if self._crashed else _CAUGHT

    def _fails(self, items: list[pytest.Item]) -> bool:
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self._failed:
                return True
        return False

    def _failing_anyway(self, needed: list[pytest.Item], folder: Path) -> set[str]:
        """Give the tests that fail without any fault."""

        def control(items: list[pytest.Item], note: Path) -> int:
            for item in items:
                self._fails([item])
            note.write_text("\n".join(self._failed), "utf-8")
            return _CAUGHT

        portions = [needed[start : start + _PORTION] for start in range(0, len(needed), _PORTION)]
        notes = [folder / f"failing {number}" for number in range(len(portions))]
        begun = (_forked(partial(control, items, note)) for items, note in zip(portions, notes, strict=True))
        codes = [code for _, code in _in_parallel(begun)]
        if any(codes):
            raise SystemExit("the tests could not be run without a fault")
        return {line for note in notes for line in note.read_text("utf-8").splitlines()}


def _outcome(code: int) -> Outcome:
    if code == -signal.SIGALRM:
        return Outcome.TOO_LONG
    return {_MISSED: Outcome.MISSED, _CRASHED: Outcome.CRASHED}.get(code, Outcome.BROKEN)


def _forked(work: Callable[[], int]) -> int:
    """Fork a child that does *work* and ends with its answer; give its process id."""
    child = os.fork()
    if child == 0:
        code, told = _BROKEN, os.dup(2)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            signal.alarm(_LONGEST)
            code = work()
        except BaseException:  # noqa: BLE001  # whatever ends a trial early is shown, and the parent learns of it
            os.write(told, traceback.format_exc().encode())
        finally:
            os._exit(code)
    return child


def _in_parallel(begun: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Keep as many children running as there are cores, and give each with its code when it ends."""
    running, more = 0, True
    while running or more:
        while more and running < (os.cpu_count() or 1):
            more = next(begun, None) is not None
            running += more
        if running:
            child, status = os.wait()
            running -= 1
            yield child, os.waitstatus_to_exitcode(status)
