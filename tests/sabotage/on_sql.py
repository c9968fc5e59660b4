"""Faults of the rules about mails and races where records are in an SQL database; `delivery` has those elsewhere."""

from sqlalchemy import BigInteger, Uuid, bindparam, select, update

from customer_accounts.adapters.sql import faults, queues, schema, statements
from customer_accounts.adapters.sql.schema import mails, tokens
from customer_accounts.adapters.sql.step import Step
from customer_accounts.adapters.sql.storage import SqlStorage
from customer_accounts.outbox import MailStatus
from tests.sabotage.fault import edited, fault, replacing, setting, together

_FILE = "adapters/test_sql.py::TestSqliteFile::"
_DUE_LEASED_OR_NOT = (
    select(mails.c.id)
    .where(mails.c.due_at <= queues._NOW, statements.mail_is(MailStatus.QUEUED))
    .order_by(mails.c.due_at, mails.c.id)
    .limit(bindparam("limit", type_=BigInteger()))
)
_VERSIONS_IGNORED = edited(statements._unchanged, 'version == _old(version, "version")', "version >= 0")
_USED_OR_NOT = replacing(
    statements.USE_TOKEN,
    update(tokens)
    .where(tokens.c.digest == bindparam("old_digest"))
    .values(used_at=bindparam("at"), account_id=bindparam("by", type_=Uuid()), version=tokens.c.version + 1),
)


def _addresses_are_not_unique() -> None:
    """Make tables in which an address may have several accounts."""
    constraints = schema.accounts.constraints
    constraints.remove(next(one for one in constraints if one.name == "uq_ca_accounts_email_key"))


ON_SQL = (
    fault(
        "RL-02",
        "mails are written before the rest of a write",
        edited(
            SqlStorage.write,
            "        dialect = self._transactions.dialect\n",
            "        first = [one for one in changes if hasattr(one, 'mail')]\n"
            "        if 0 < len(first) < len(changes):\n"
            "            self.write(first)\n"
            "        dialect = self._transactions.dialect\n",
        ),
        f"{_FILE}test_a_write_that_fails_queues_no_mail",
    ),
    fault(
        "RL-04",
        "a lease is not looked at",
        setting(queues, "_DUE_MAILS", _DUE_LEASED_OR_NOT),
        f"{_FILE}test_mails_are_leased_when_they_are_due",
        "test_races.py::test_no_mail_is_sent_by_two_workers sqlite",
    ),
    fault(
        "RL-05",
        "a mail is leased without what became of its link",
        edited(
            queues.lease_mails,
            "{one.digest: one for one in TOKENS.records(found)}",
            "{one.digest: __import__('attrs').evolve(one, used_at=None) for one in TOKENS.records(found)}",
        ),
        "accounts/test_mail_worker_smtp.py::test_a_link_that_was_used_meanwhile_is_not_mailed",
    ),
    fault(
        "RL-07",
        "the row of a sent mail keeps its recipient",
        setting(queues, "_FINISH", queues._FINISH.values(to=mails.c.to)),
        f"{_FILE}test_a_finished_mail_tells_nothing_of_its_recipient",
        "accounts/test_mail_worker_smtp.py::test_the_row_of_a_sent_mail_keeps_the_envelope_alone",
    ),
    fault(
        "RL-07",
        "the details of a sent mail stay",
        edited(queues.finish, 'connection.execute(DELETE_DETAILS, {"old_id": task.mail.id})', "pass"),
        f"{_FILE}test_a_finished_mail_tells_nothing_of_its_recipient",
    ),
    fault(
        "CC-01",
        "who proves an address a moment later gets an error of the database",
        edited(faults.is_taken_key, "return _code(error) in _TAKEN_KEY", "return False"),
        "test_races.py::test_registrations_at_once sqlite",
        f"{_FILE}test_one_of_sixteen_gets_an_address",
    ),
    fault(
        "CC-02",
        "a link has two effects if it is clicked twice at once",
        together(_USED_OR_NOT, _VERSIONS_IGNORED),
        "test_races.py::test_one_link_is_used_once sqlite",
        f"{_FILE}test_one_of_sixteen_uses_a_link",
    ),
    fault(
        "CC-03",
        "of two links to two addresses both confirm theirs, as nobody counts the rows that were hit",
        edited(Step.overtaken, "hit != len(self.rows)", "hit < 0"),
        "test_races.py::test_changes_of_address_at_once sqlite",
    ),
    fault(
        "CC-04",
        "an address may have several accounts",
        _addresses_are_not_unique,
        f"{_FILE}test_one_of_sixteen_gets_an_address",
        "test_races.py::test_one_address_gets_one_account sqlite",
    ),
    fault(
        "CC-05",
        "versions are not compared",
        _VERSIONS_IGNORED,
        "test_races.py::test_no_change_is_lost sqlite",
    ),
    fault(
        "CC-06",
        "what was decided is written, whatever happened meanwhile",
        together(_USED_OR_NOT, _VERSIONS_IGNORED),
        "test_pairs.py::test_pairs_on_sqlite",
    ),
)
