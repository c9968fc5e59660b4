"""Faults of storing that no requirement names: joining a host's transaction, its own orders, lost races, upgrades."""

from customer_accounts.adapters.sql import faults, joining, lists, locking, reading, statements, step, storage
from customer_accounts.adapters.sql.connecting import OwnTransactions
from customer_accounts.adapters.sql.direct import DirectConnection
from customer_accounts.adapters.sql.host_orders import HostOrders
from customer_accounts.adapters.sql.joining import DjangoTransaction, SqlalchemyTransaction
from customer_accounts.adapters.sql.migrations import indexes, preparing, running
from customer_accounts.adapters.sql.storage import SqlStorage
from tests.sabotage.fault import edited, fault

_WITHIN = (
    fault(
        "within",
        "what is written in the host's transaction is committed at once",
        edited(
            SqlStorage.within,
            "other._transactions = joined(",
            "joined(",
        ),
        "adapters/test_sql.py::TestSqliteFile::test_a_joined_write_goes_with_the_hosts_rollback",
    ),
    fault(
        "within",
        "an overtaken write leaves half of itself in the host's transaction",
        edited(
            SqlalchemyTransaction.writing,
            "with _written_once(connection), connection.begin_nested():",
            "with _written_once(connection):",
        ),
        "adapters/test_sql.py::TestSqliteFile::test_an_overtaken_joined_write_leaves_the_hosts_work",
    ),
    fault(
        "within",
        "a snapshot that cannot change is decided again",
        edited(joining._written_once, "if _snapshot_stays(connection, lost):", "if lost is connection:"),
        "adapters/test_sql_joining.py::test_a_snapshot_that_stays_is_tried_once",
    ),
    fault(
        "within",
        "Django commits each write at once",
        edited(DjangoTransaction.writing, "if self._host.get_autocommit():", "if self._host is None:"),
        "adapters/test_sql_django.py::test_there_must_be_a_transaction sqlite",
    ),
    fault(
        "within",
        "Django's savepoint is kept although the write failed",
        edited(DjangoTransaction._savepoint, "self._host.savepoint_rollback(name)", "pass"),
        "adapters/test_sql_django.py::test_an_overtaken_write_leaves_the_hosts_row sqlite",
    ),
)

_HOST_ORDERS = (
    fault(
        "host_orders",
        "an order is kept twice",
        edited(SqlStorage._translate, "if self._orders is not None:", "if not steps:"),
        "adapters/test_sql_host_orders.py::test_the_host_fills_its_own_columns",
    ),
    fault(
        "host_orders",
        "orders are read from our table",
        edited(
            SqlStorage._translated,
            "statement if self._orders is None else self._orders.on_host(statement)",
            "statement",
        ),
        "adapters/test_sql_host_orders.py::test_the_host_fills_its_own_columns",
        "adapters/test_sql_host_orders.py::TestSqlite::test_an_order_leads_to_its_owner",
    ),
    fault(
        "host_orders",
        "a column that the host lacks is missed only when an order comes",
        edited(HostOrders.check, "if faults:", "if faults is None:"),
        "adapters/test_sql_host_orders.py::test_what_is_missing_is_named",
    ),
)

_LOST_RACES = (
    fault(
        "lost_races",
        "half of an overtaken write is given back to a pool that commits it",
        edited(DirectConnection._give_back, "self._raw.rollback()", "pass"),
        "adapters/test_sql_direct.py::test_what_was_overtaken_is_rolled_back_whatever_the_pool_does",
    ),
    fault(
        "lost_races",
        "writes take their rows in any order",
        edited(locking.in_lock_order, "if not see_nothing(steps):", "if steps:"),
        "adapters/test_sql_locking.py::test_rivals_are_taken_in_one_order_by_everybody",
    ),
    fault(
        "lost_races",
        "rows whose changes keep their own order are not locked before",
        edited(locking.lock_rows, "if len(several) > 1 and not", "if len(several) < 0 and not"),
        "adapters/test_sql_locking.py::test_rows_that_keep_their_order_are_locked_by_key",
    ),
    fault(
        "lost_races",
        "changes that could meet are taken out of their order",
        edited(
            step.are_apart,
            "return not unique and None not in keys and len(set(keys)) == len(keys)",
            "return True",
        ),
        "adapters/test_sql_locking.py::test_what_needs_its_own_order_keeps_it",
    ),
    fault(
        "lost_races",
        "a transaction that the server gave up is not tried again",
        edited(storage._persistently, "for _ in range(TRIES):", "for _ in range(1):"),
        "adapters/test_sql_locking.py::test_a_write_that_was_given_up_is_written_again",
    ),
    fault(
        "lost_races",
        "workers have the level of the engine",
        edited(
            OwnTransactions.__init__,
            'engine if self._sqlite else engine.execution_options(isolation_level="READ COMMITTED")',
            "engine",
        ),
        "adapters/test_sql_races.py::test_a_worker_leases_in_spite_of_others",
    ),
    fault(
        "lost_races",
        "a fault while rows are fetched is the driver's own",
        edited(
            DirectConnection.__exit__, "if isinstance(error, sqlite3.Error):", "if kind is sqlite3.Error:"
        ),
        "adapters/test_sql_direct.py::test_a_fault_among_the_rows_is_one_of_sqlalchemy",
        "adapters/test_sql_direct.py::test_a_transaction_that_is_lost_among_the_rows_is_tried_again",
    ),
    fault(
        "lost_races",
        "a deadlock is an error of the database",
        edited(faults.explain, "if code in _LOST_RACE:", "if code is _LOST_RACE:"),
        "adapters/test_sql_races.py::test_a_deadlock_is_a_lost_race",
    ),
    fault(
        "lost_races",
        "a taken key is an error of the database",
        edited(faults.is_taken_key, "return _code(error) in _TAKEN_KEY", "return False"),
        "adapters/test_sql.py::TestSqliteFile::test_an_address_has_one_account",
        "adapters/test_sql.py::TestSqliteFile::test_one_of_sixteen_gets_an_address",
    ),
    fault(
        "lost_races",
        "an update does not compare the version",
        edited(statements._unchanged, 'version == _old(version, "version")', "version >= 0"),
        "adapters/test_sql.py::TestSqliteFile::test_only_the_expected_version_is_replaced",
    ),
)

_READS = (
    fault(
        "scope",
        "a list has no more values than the database takes one by one",
        edited(
            lists.number_of,
            "min(MANY, 1 << (count - 1).bit_length())",
            "1 << (count - 1).bit_length()",
        ),
        "adapters/test_sql.py::TestSqliteFile::test_thousands_of_addresses_can_be_asked_at_once",
    ),
    fault(
        "scope",
        "an address leads to what shows its orders",
        edited(reading._token_ways, "way & tokens.c.order_reference.is_(None) for way", "way for way"),
        "adapters/test_sql.py::TestSqliteFile::test_an_order_leads_to_its_links",
        "adapters/test_sql_indexes.py::test_links_to_orders_are_found_by_the_order",
    ),
)

_MIGRATIONS = (
    fault(
        "migrations",
        "an index that was never finished is taken for one",
        edited(indexes.create_index, '.name == "postgresql"', '.name == "mysql"'),
        "migrations/test_preparing.py::test_an_upgrade_notices_an_interrupted_index",
    ),
    fault(
        "migrations",
        "whoever writes waits for an index that is prepared",
        edited(preparing._concurrent, '["concurrently"] = True', '["concurrently"] = False'),
        "migrations/test_preparing.py::test_nobody_waits_for_an_index_that_is_prepared",
    ),
    fault(
        "migrations",
        "asking for the revision makes a file",
        edited(running.current, "is_missing_file(target)", "isinstance(target, bytes)"),
        "migrations/test_migrations.py::test_whoever_asks_makes_no_file",
    ),
)

STORAGE = (*_WITHIN, *_HOST_ORDERS, *_LOST_RACES, *_READS, *_MIGRATIONS)
