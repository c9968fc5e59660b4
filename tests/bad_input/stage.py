"""A shop in which every command has something to do, and which notices whatever is read, written and hashed."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import argon2
import pytest
from attrs import evolve

from customer_accounts.account import Session
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Actor, Agent, SignedInCustomer, System
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.changes import Change, Counts, insert, update
from customer_accounts.command import Command
from customer_accounts.evidence import OrderVatState, VatPauseRecord
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.account_merge import MergeAccounts
from customer_accounts.features.company import SetCompany
from customer_accounts.features.conversion_requests import RequestConversion
from customer_accounts.features.delivery_address import AddAddress
from customer_accounts.features.email_change import RequestEmailChange
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.identity_links import LinkIdentity
from customer_accounts.features.merge_request import RequestMerge
from customer_accounts.features.newsletter import ConfirmNewsletter, SubscribeNewsletter
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.registration import Register
from customer_accounts.features.support import ConvertGuest
from customer_accounts.features.unsubscription import IssueUnsubscribeLink
from customer_accounts.features.vat_pause import REGISTER
from customer_accounts.features.wish_list import CreateWishList
from customer_accounts.inputs import AddressInput, CompanyInput
from customer_accounts.limiting import Allowance
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.testing.records import a_proposal, an_order, order_vat, stored
from customer_accounts.token import Purpose, TokenRecord, link_digest, link_text, short_code
from customer_accounts.vat.late import corrected_record
from tests.accounts.doubles import OrderFacts
from tests.identities import SESSION, to_link
from tests.orders import SYSTEM, place
from tests.shop import PASSWORD, Shop
from tests.vat_orders import decision

ADDRESS = AddressInput(name="Anna", street="Ring 5", postcode="1010", city="Wien", country="AT")
WAITING = "wait@mail.example"
ANNA = "anna@mail.example"
BERTA = Agent("17", "Eva", may=frozenset({"merge_accounts", "approve"}))


class Unlimited:
    """A limiter that lets everything pass: nothing here shall end at a limit."""

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Let it pass."""
        return None


class Watched(MemoryStorage):
    """A storage that refuses what a database could not take: NUL, halves of surrogate pairs, huge texts."""

    def read(self, scope: Scope, /) -> Facts:
        """Look at the scope, then read."""
        _all_storable(scope)
        return super().read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Look at the changes, then write."""
        for change in changes:
            _all_storable(change)
        return super().write(changes)


def _all_storable(value: object) -> None:
    for text in texts_in(value):
        text.encode()
        assert "\x00" not in text
        # The decision of an order is a record of its own length, which the command bounds.
        assert len(text) <= (1_000_000 if '"data_version"' in text else 1_000)


def texts_in(value: object) -> Iterator[str]:
    """Give every text within a value, what its repr hides included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from texts_in(one)
    else:
        for name in (one.name for one in getattr(value, "__attrs_attrs__", ())):
            yield from texts_in(getattr(value, name))


class Stage(Shop):
    """A shop with Anna, who has something of everything, a guest, and somebody who waits for a confirmation."""

    def __init__(self) -> None:
        # One agent is enough here: what two do together has its own tests.
        super().__init__(four_eyes=frozenset())
        self.storage = Watched()
        self.order_facts = OrderFacts({"N-slip-1": "card ends 4711"})
        self.accounts = Accounts(
            self.storage,
            self.settings,
            clock=self.clock,
            limiter=Unlimited(),
            order_facts=self.order_facts,
            on_event=self.announced.append,
        )
        self.handle, self.require = self.accounts.handle, self.accounts.require
        self.anna = self._signed_in(self.open_account(ANNA).session)
        self._fill()
        self.start = self.storage._tables
        self.announced.clear()

    def _signed_in(self, session: Session) -> SignedInCustomer:
        return self.customer(session, session_id=SESSION)

    def _fill(self) -> None:
        anna, visitor = self.anna, self.visitor()
        self.address = self.require(AddAddress(address=ADDRESS), by=anna).id
        self.require(AddAddress(address=ADDRESS.model_copy(update={"street": "Ring 6"})), by=anna)
        self.wish_list = self.require(CreateWishList(name="Printers"), by=anna).id
        company = CompanyInput(name="Druckwerk", vat_number="DE136695976")
        self.require(SetCompany(company=company), by=anna)
        nobodys = VatCheckRecord(number="FR40303265045", due_at=self.clock.now)
        blocked = VatPauseRecord(register=REGISTER, code="IP_BLOCKED", since=self.clock.now)
        later = VatCheckRecord(number="IT00743110157", due_at=self.clock.now + timedelta(days=1))
        self.storage.write([insert(nobodys), insert(blocked), insert(later)])
        self._fill_vat()
        wish = SubscribeNewsletter(text_version="2026-11")
        self.require(wish, by=anna)
        self.require(ConfirmNewsletter(token=self.token(Purpose.CONFIRM_NEWSLETTER)), by=visitor)
        self.require(wish, by=self.customer(self.open_account("bert@mail.example").session))
        self.require(LinkIdentity(identity=to_link(self)), by=anna)
        place(self, "anna-1", by=anna, email="")
        place(self, "guest-1")
        place(self, "claimed-1", email=ANNA)
        self.claim_id = self.require(ClaimGuestOrders(), by=anna).claim_id
        place(self, "slip-1", email="ana@mail.example")
        parcel = ParcelInput(tracking_number="AT-1")
        shipment = RecordShipment(
            reference="guest-1", shipment_id="s-1", parcels=(parcel,), shipped_at=self.clock()
        )
        self.require(shipment, by=SYSTEM)
        self.require(RequestPasswordReset(email=ANNA), by=visitor)
        change = RequestEmailChange(email="anna2@mail.example", current_password=PASSWORD)
        self.require(change, by=anna)
        self.require(Register(email=WAITING, password=PASSWORD), by=visitor)
        self.require(IssueUnsubscribeLink(account_id=anna.account_id), by=SYSTEM)
        place(self, "guest-2", email="invited@mail.example")
        self.require(ConvertGuest(email="invited@mail.example", reason="letter"), by=BERTA)
        # Long enough ago that it may be sent again.
        link = self.tokens(Purpose.SET_PASSWORD)[-1]
        self.storage.write([update(link, evolve(link, created_at=link.created_at - timedelta(minutes=2)))])
        self.require(RequestConversion(email="writes@mail.example"), by=visitor)
        self.request: UUID = self.stored(ConversionRequestRecord)[0].id
        proposal = a_proposal(created_at=self.clock.now, expires_at=self.clock.now + timedelta(days=7))
        self.storage.write([insert(proposal)])
        self.proposal = proposal.id
        self.require(RequestMerge(email="bert@mail.example", current_password=PASSWORD), by=anna)
        for email in ("carl@mail.example", "cora@mail.example"):
            self.open_account(email)
        merge = MergeAccounts(
            surviving="carl@mail.example", absorbed="cora@mail.example", reason="asked", evidence="letter"
        )
        self.require(merge, by=BERTA)
        # These two come from longer stories; the links themselves are all that is needed here.
        self._link(Purpose.APPROVE_IDENTITIES)
        self._link(Purpose.SET_PASSWORD)

    def _link(self, purpose: Purpose) -> None:
        text = link_text(self.settings.secret, purpose, "0" * 32)
        record = TokenRecord(
            digest=link_digest(text) or "",
            token_id="0" * 32,
            key_id=self.settings.secret_id,
            purpose=purpose,
            email=ANNA,
            email_key=ANNA,
            created_at=self.clock.now,
            expires_at=self.clock.now + timedelta(days=1),
            account_id=self.anna.account_id,
        )
        self.storage.write([insert(record)])

    def _fill_vat(self) -> None:
        """Orders whose VAT waits to be recorded, to be approved, or for a document."""
        made = decision(on=self.clock.now.date()).to_json()
        given = {
            "number": "DE136695976", "decision": made, "charged_net": Decimal(10), "charged_vat": Decimal(2),
            "supplied_on": self.clock.now.date(), "recorded_at": self.clock.now,
        }  # fmt: skip
        late = order_vat(
            reference="taxed-late", state=OrderVatState.CONFIRMED_LATE, corrected_decision=corrected_record(made),
            corrected_evidence_id=UUID(int=3), confirmed_at=self.clock.now, **given,
        )  # fmt: skip
        charged = order_vat(reference="taxed-charged", state=OrderVatState.CHARGED, **given)
        orders = (an_order(reference=one) for one in ("taxed-new", "taxed-late", "taxed-charged"))
        self.storage.write([*stored(*orders, late, charged)])

    def tokens(self, purpose: Purpose) -> list[TokenRecord]:
        """Give the links of a purpose that can still be used."""
        return [one for one in self.stored(TokenRecord) if one.purpose is purpose and not one.used_at]

    def token(self, purpose: Purpose) -> str:
        """Give the text of the latest link of a purpose."""
        return self.text_of(self.tokens(purpose)[-1])

    def short_code(self) -> str:
        """Give the short code of the registration that waits."""
        return short_code(self.settings.secret, self.tokens(Purpose.CONFIRM_REGISTRATION)[-1].token_id)

    def actors(self, kind: type[Command]) -> list[Actor]:
        """Give one actor of each kind that may give a command."""
        return [one for one in self.everybody() if isinstance(one, kind.actors)]

    def everybody(self) -> list[Actor]:
        """Give one actor of each kind."""
        return [self.visitor(), self.anna, BERTA, System()]

    def restart(self) -> None:
        """Go back to the beginning."""
        self.storage._tables = self.start
        self.announced.clear()

    def count_hashes(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Give the list that tells, from now on, how many bytes argon2 hashed or compared each time."""
        lengths: list[int] = []
        engine = argon2.PasswordHasher
        hash_, verify = engine.hash, engine.verify

        def counted_hash(hasher: argon2.PasswordHasher, password: str | bytes, **more: Any) -> str:
            lengths.append(len(password))
            return hash_(hasher, password, **more)

        def counted_verify(hasher: argon2.PasswordHasher, stored: str | bytes, password: str | bytes) -> bool:
            lengths.append(len(password))
            return verify(hasher, stored, password)

        monkeypatch.setattr(engine, "hash", counted_hash)
        monkeypatch.setattr(engine, "verify", counted_verify)
        return lengths
