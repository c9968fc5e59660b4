"""Storages that lose something of a record."""

from datetime import timedelta, timezone
from typing import Any

from attrs import evolve

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.changes import Change, Record, Save
from customer_accounts.facts import Facts, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import Queue
from tests.adapters.broken.storage import Broken, Reading, Updating, Writing, breaks


@breaks("test_accounts_come_back_as_they_were")
class ForgetsTheCompany(Updating):
    """Updates an account without its company."""

    kind = AccountRecord

    def record(self, record: Any) -> Record:
        """Do it as the class says."""
        changed: Record = evolve(record, company=None)
        return changed


@breaks("test_texts_come_back_letter_by_letter")
class LosesRareLetters(Writing):
    """Stores a question mark for what needs four bytes, as one of MySQL's alphabets does."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Save) and isinstance(change.record, AccountRecord):
            name = "".join(letter if letter <= "\uffff" else "?" for letter in change.record.name)
            return evolve(change, record=evolve(change.record, name=name))
        return change


@breaks("test_texts_come_back_letter_by_letter")
class CutsTexts(Writing):
    """Keeps 255 letters of a name."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Save) and isinstance(change.record, AccountRecord):
            return evolve(change, record=evolve(change.record, name=change.record.name[:255]))
        return change


@breaks("test_times_come_back_in_utc")
class GivesLocalTimes(Reading):
    """Reads the times of an account in the zone of the shop."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        zone = timezone(timedelta(hours=-3))
        told = (evolve(one, created_at=one.created_at.astimezone(zone)) for one in facts.accounts)
        return evolve(facts, accounts=tuple(told))


@breaks("test_registrations_come_back_as_they_were")
class ForgetsTries(Updating):
    """Updates a registration without its count of tries."""

    kind = RegistrationRecord

    def record(self, record: Any) -> Record:
        """Do it as the class says."""
        changed: Record = evolve(record, code_tries=0)
        return changed


@breaks("test_orders_come_back_as_they_were")
class SortsShipments(Updating):
    """Updates an order with its shipments sorted."""

    kind = OrderRecord

    def record(self, record: Any) -> Record:
        """Do it as the class says."""
        changed: Record = evolve(record, shipments=tuple(sorted(record.shipments, key=lambda one: one.id)))
        return changed


@breaks("test_tokens_come_back_as_they_were")
class ForgetsTheBrowser(Reading):
    """Reads a link without its browser."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, tokens=tuple(evolve(one, browser=None) for one in facts.tokens))


@breaks("test_identities_come_back_as_they_were")
class ApprovesIdentities(Reading):
    """Reads every identity as an approved one."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, identities=tuple(evolve(one, approved=True) for one in facts.identities))


@breaks("test_addresses_come_back_as_they_were")
class ForgetsTheVersion(Reading):
    """Reads every delivery address as a new one."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, addresses=tuple(evolve(one, version=1) for one in facts.addresses))


@breaks("test_wish_lists_come_back_as_they_were")
class WishesOnce(Reading):
    """Reads each product of a wish list once."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        lists = (
            evolve(one, items=tuple({item.product: item for item in one.items}.values()))
            for one in facts.wish_lists
        )
        return evolve(facts, wish_lists=tuple(lists))


@breaks("test_subscriptions_come_back_as_they_were")
class ForgetsTheProof(Reading):
    """Reads a subscription without its proof."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, subscriptions=tuple(evolve(one, proof=None) for one in facts.subscriptions))


@breaks("test_vat_checks_come_back_as_they_were")
class ForgetsTheLease(Reading):
    """Reads a VAT check without its lease."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, vat_checks=tuple(evolve(one, leased_until=None) for one in facts.vat_checks))


@breaks("test_mails_come_back_as_they_were")
class TurnsDetails(Broken):
    """Gives the details of a mail in another order."""

    def lease(self, queue: Any, /, **how: Any) -> Any:
        """Do it as the class says."""
        tasks = super().lease(queue, **how)
        if queue is Queue.VAT:
            return tasks
        return [evolve(one, mail=evolve(one.mail, details=one.mail.details[::-1])) for one in tasks]


@breaks("test_events_come_back_as_they_were")
class TurnsTheTrail(Reading):
    """Reads the newest entry of the trail first."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, events=facts.events[::-1])


@breaks("test_claims_come_back_as_they_were")
class TurnsAddresses(Reading):
    """Reads the addresses that came along with a claim in another order."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, claims=tuple(evolve(one, addresses=one.addresses[::-1]) for one in facts.claims))
