"""Faults of the rules about mails, workers and races: RL and CC."""

from customer_accounts.accounts import Accounts, mail_delivery, vat_checks
from customer_accounts.accounts.vat_worker import VatWorker
from customer_accounts.adapters import memory_queues, memory_write
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.memory_write import Tables
from customer_accounts.changes import Save, key_of
from customer_accounts.features import wish_list
from customer_accounts.features.account_opening import without_rivals
from customer_accounts.features.email_change import ConfirmEmailChange, _changed
from customer_accounts.mail import message, staleness
from tests.sabotage.fault import edited, fault, setting, together

_COPIED = "tables = self._tables.copy()\n"
_WITHOUT_LOCK = edited(
    MemoryStorage.write,
    f"with self._lock:\n            {_COPIED}",
    f"import time\n        if True:\n            {_COPIED}            time.sleep(0.001)\n",
)
_VERSIONS_IGNORED = edited(
    memory_write._save,
    "(None if stored is None else stored.version) != change.expected_version",
    "record is None",
)


def _save_unguarded(tables: Tables, change: Save) -> None:
    """Store a record over whatever is there, without versions and unique keys."""
    tables.records.setdefault(type(change.record), {})[key_of(change.record)] = change.record


_DELIVERY = (
    fault(
        "RL-01",
        "each change is written by itself",
        edited(
            Accounts._decide_and_write,
            "self._storage.write(outcome.changes) if",
            "[self._storage.write([one]) for one in outcome.changes][-1] if",
        ),
        "test_lost_answers.py::test_a_storage_that_fails_leaves_all_or_nothing",
        "accounts/test_runners.py::TestReadDecideWrite::test_one_read_and_one_write sync",
    ),
    fault(
        "RL-02",
        "a mail is queued although the write fails",
        edited(Tables.copy, "dict(self.mails)", "self.mails"),
        "adapters/test_memory.py::TestMemoryStorage::test_a_write_that_fails_queues_no_mail",
    ),
    fault(
        "RL-03",
        "each try has a Message-ID of its own",
        edited(message.message_of, "<{envelope.mail_id}@", "<{id(message)}@"),
        "mail/test_snapshots.py::test_headers_are_complete",
        "mail/test_snapshots.py::test_same_task_gives_the_same_bytes",
    ),
    fault(
        "RL-04",
        "a leased mail is leased again",
        edited(memory_queues.lease_mails, "one.leased_until is None or one.leased_until < now", "one.id"),
        "test_races.py::test_no_mail_is_sent_by_two_workers memory",
    ),
    fault(
        "RL-05",
        "a used link is mailed all the same",
        edited(staleness._working, "if token.used_at is not None:", "if token.used_at is token:"),
        "mail/test_staleness.py::test_mail_of_a_dead_link_is_dropped",
    ),
    fault(
        "RL-06",
        "a permanent error is tried again and again",
        edited(mail_delivery.failed, "permanent or (attempts", "(attempts"),
        "accounts/test_runners.py::TestMail::test_gives_up_visibly",
    ),
    fault(
        "RL-07",
        "a sent mail keeps its recipient",
        edited(memory_queues.finish, 'to="", details=(), ', ""),
        "adapters/test_memory.py::TestMemoryStorage::test_a_finished_mail_stays_finished",
        "accounts/test_runners.py::TestMail::test_sends_what_waits_once",
    ),
    fault(
        "RL-08",
        "a repeat creates another list",
        edited(wish_list.CreateWishList.decide, 'uuid5(_NAMESPACE, f"{account.id}:{self.id}")', "uuid4()"),
        "test_lost_answers.py::test_a_repeat_after_a_lost_answer_changes_nothing_more",
    ),
    fault(
        "RL-09",
        "a register that fails stops the worker",
        edited(VatWorker._answer_to, "except Exception:", "except ValueError:"),
        "accounts/test_vat_checks.py::test_whatever_goes_wrong_is_no_answer",
    ),
    fault(
        "RL-10",
        "an answer about another number counts",
        edited(vat_checks.Doubts.recording, "answer.number != number", "not answer.number"),
        "accounts/test_vat_checks.py::test_an_answer_about_another_number_is_none",
    ),
)

_RACES = (
    fault(
        "CC-01",
        "two registrations at once overwrite each other",
        together(_WITHOUT_LOCK, _VERSIONS_IGNORED),
        "test_races.py::test_registrations_at_once memory",
    ),
    fault(
        "CC-02",
        "a link has two effects if it is clicked twice at once",
        together(edited(memory_write._use, " or token.used_at is not None", ""), _VERSIONS_IGNORED),
        "test_races.py::test_one_link_is_used_once memory",
    ),
    fault(
        "CC-03",
        "a link confirms the address that was asked for last",
        edited(
            _changed,
            "token, old = link.token, link.account",
            "old = link.account\n    token = max((one for one in facts.tokens if one.purpose is link.token.purpose),"
            " key=lambda one: one.created_at)",
        ),
        "test_races.py::test_changes_of_address_at_once memory",
    ),
    fault(
        "CC-04",
        "who loses an address to somebody else gets an exception",
        together(
            edited(
                ConfirmEmailChange.decide,
                "facts.account_at(link.token.email_key) is not None",
                "actor is None",
            ),
            edited(without_rivals, "[*map(Remove, rivals), *map(Remove, stale)]", "[*map(Remove, rivals)]"),
        ),
        "test_races.py::test_one_address_gets_one_account memory",
    ),
    fault(
        "CC-05",
        "versions are not compared",
        _VERSIONS_IGNORED,
        "test_races.py::test_no_change_is_lost memory",
        "adapters/test_memory.py::TestMemoryStorage::test_only_the_expected_version_is_replaced",
    ),
    fault(
        "CC-06",
        "what was decided is written, whatever happened meanwhile",
        together(
            setting(memory_write, "_save", _save_unguarded),
            edited(
                memory_write._use,
                'token.used_at is not None:\n        raise StaleWriteError("TokenRecord")',
                "token.used_at is token:\n        return",
            ),
            edited(
                memory_write._remove,
                "    if stored is None or stored.version != record.version:\n"
                "        raise StaleWriteError(type(record).__name__)\n"
                "    del rows[key_of(record)]",
                "    rows.pop(key_of(record), None)",
            ),
        ),
        "test_races.py::test_every_pair_keeps_the_invariant",
    ),
)

DELIVERY = (*_DELIVERY, *_RACES)
