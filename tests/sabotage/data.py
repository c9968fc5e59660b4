"""Faults of the rules about secrets, the audit trail, personal data and the documents: LG, DP, DOC and SUP."""

import tomllib
from pathlib import Path
from typing import Any

from customer_accounts.accounts import retention
from customer_accounts.command import Command
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.privacy import _closed
from customer_accounts.features.sign_in import SignIn
from customer_accounts.mail import matter
from customer_accounts.outbox import one_line
from tests.sabotage.fault import edited, fault, setting


def _a_field_is_forgotten() -> None:
    """Leave a stored field out of the classification."""
    import records  # type: ignore[import-not-found]  # on the path of the documents, once their test is collected

    del records.classified()["AccountRecord"]["email"]


def _a_control_is_forgotten() -> None:
    """Leave the way through a provider out of the list of controls."""
    loads = tomllib.loads

    def forgetful(text: str) -> dict[str, Any]:
        known = loads(text).items()
        return {name: one for name, one in known if "SignInWithIdentity" not in one.get("commands", ())}

    setting(tomllib, "loads", forgetful)()


def _a_deviation_is_hidden() -> None:
    """Take a sentence out of the page of deviations."""
    read = Path.read_text
    setting(Path, "read_text", lambda path, *given: read(path, *given).replace("6.4.1", ""))()


def _passlib_is_needed() -> None:
    """Let the core depend on what nobody maintains."""
    from tests import test_package

    setting(test_package, "UNMAINTAINED", test_package.UNMAINTAINED | {"argon2-cffi"})()


DATA = (
    fault(
        "LG-01",
        "a validation error repeats what was typed",
        edited(Command._hide_input, "            details = _without_input(error)", "            raise"),
        "test_command.py::TestValidationErrors::test_name_the_field_and_hold_no_input",
    ),
    fault(
        "LG-02",
        "a sign-in is told to nobody",
        edited(SignIn.decide, ", announce=(success,))", ")"),
        "test_lost_answers.py::test_each_command_leaves_its_trace",
    ),
    fault(
        "LG-03",
        "user text breaks the lines of a log",
        edited(one_line, 'char if char.isprintable() else f"\\\\u{ord(char):04x}"', "char"),
        "test_command.py::test_names_of_actors",
        "features/test_reseller.py::test_the_shop_learns_who_asks_and_stores_nothing",
    ),
    fault(
        "LG-04",
        "the owner hears nothing of a closed account",
        edited(_closed, "        mail_to_account(env, MailPurpose.ACCOUNT_CLOSED, account),\n", ""),
        "features/test_privacy.py::TestClosing::test_tells_the_owner",
    ),
    fault(
        "LG-05",
        "mails greet by the name that somebody typed",
        edited(
            matter._words,
            '"shop": clean(fresh.storefront.name)',
            '"shop": clean(order.name if order else "")',
        ),
        "features/test_order_tracking.py::TestRecordShipment::test_mails_carry_nothing_of_the_person",
        "mail/test_snapshots.py::test_mail_names_contact_and_no_person",
    ),
    fault(
        "DP-01",
        "the audit trail is kept for ever",
        edited(retention.purges, "        Purge(Kept.EVENTS, now - settings.events_kept),\n", ""),
        "accounts/test_runners.py::TestPurge::test_deletes_what_expired_and_nothing_else",
    ),
    fault(
        "DP-02",
        "a stored field has no class of data",
        _a_field_is_forgotten,
        "test_docs.py::test_every_stored_field_has_a_class_of_data",
    ),
    fault(
        "DP-03",
        "the page of a guest's order shows the name",
        edited(
            ViewGuestOrder.decide,
            "GuestOrderView(order.number,",
            'GuestOrderView(f"{order.number} {order.name}",',
        ),
        "features/test_guest_order_page.py::test_shows_the_parcels_and_nothing_of_the_person",
    ),
    fault(
        "DOC-01",
        "the list of ways in forgets the providers",
        _a_control_is_forgotten,
        "test_docs.py::test_every_way_to_authenticate_is_listed_with_its_controls",
    ),
    fault(
        "DOC-02",
        "a deviation is not stated",
        _a_deviation_is_hidden,
        "test_docs.py::test_deviations_from_standards_are_stated",
    ),
    fault(
        "SUP-01",
        "a needed package is no longer maintained",
        _passlib_is_needed,
        "test_package.py::test_nothing_unmaintained_is_needed",
    ),
)
