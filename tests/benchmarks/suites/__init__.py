"""The benchmarks, by the name that the command line takes."""

from collections.abc import Callable, Iterator

from tests.benchmarks.rows import Row
from tests.benchmarks.running import Run
from tests.benchmarks.suites import (
    asynchronous,
    claims,
    imports,
    outbox,
    races,
    registration,
    scale,
    security,
    vat,
)

SUITES: dict[str, Callable[[Run], Iterator[Row]]] = {
    "import": imports.rows,
    "registration": registration.rows,
    "scale": scale.rows,
    "races": races.rows,
    "async": asynchronous.rows,
    "claims": claims.rows,
    "outbox": outbox.rows,
    "security": security.rows,
    "vat": vat.rows,
}
