"""Changes of the tables over time, with Alembic: made by `upgrade`, never by importing or starting anything.

* The revisions lie in ``versions``, one module each, in a single chain from ``0001``, the tables of 0.1.0.
* The version stands in a table of its own, `VERSION_TABLE`; the host's ``alembic_version`` is never touched, and
  no setting of the host's Alembic is read or changed, so that `upgrade` can also run inside one of its revisions.
* An upgrade is one transaction: all revisions, or none.  Two at the same time do the work once.
* On PostgreSQL a table is held up while an upgrade makes an index of it; `prepare` makes it before, holding up nobody.
* There is no way back down: a column that is dropped again has lost what was in it.  Restore a backup instead.
"""

from customer_accounts.adapters.sql.migrations.preparing import prepare
from customer_accounts.adapters.sql.migrations.running import (
    DIALECTS,
    VERSION_TABLE,
    Target,
    current,
    sql,
    stamp,
    sync_url,
    upgrade,
)
from customer_accounts.adapters.sql.migrations.standing import MigrationError, Revision, Standing

__all__ = [
    "DIALECTS",
    "VERSION_TABLE",
    "MigrationError",
    "Revision",
    "Standing",
    "Target",
    "current",
    "prepare",
    "sql",
    "stamp",
    "sync_url",
    "upgrade",
]
