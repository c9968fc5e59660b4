"""Secrets as canaries: a customer's whole life, and then every place that a secret could have got into is searched.

The life is played on an SQLite file with every logger at DEBUG, with ports that fail now and then so that there is
something to log.  Searched are the logs, the events, the bytes of the database with its journal, the repr, the text
and the pickled form of every answer and stored record, the mails, and the validation errors (LG-01, GEN-02, TK-02).
"""

import base64
import logging
import pickle
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from attrs import define, field
from pydantic import ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Actor, SignedInCustomer, Visitor
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.facts import Page, Part, Scope
from customer_accounts.features.benefits import MyAccount
from customer_accounts.features.company import SetCompany
from customer_accounts.features.email_change import ConfirmEmailChange, RequestEmailChange
from customer_accounts.features.email_confirmation import ConfirmEmail, InspectLink
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.identity_links import LinkIdentity, UnlinkIdentity
from customer_accounts.features.newsletter import ConfirmNewsletter, SubscribeNewsletter
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.privacy import CloseAccount, ExportMyData
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignIn
from customer_accounts.hashing import CHEAPEST, Argon2Hasher, Verification
from customer_accounts.inputs import CompanyInput
from customer_accounts.limiting import Allowance
from customer_accounts.outbox import EventRecord
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.testing.mailbox import text_of, token_in
from customer_accounts.token import Purpose, short_code
from tests.accounts.doubles import Postbox
from tests.identities import SESSION, to_link
from tests.orders import SYSTEM
from tests.test_ownership import ALL

ANNA, MOVED = "canary.anna@mail.example", "canary.moved@mail.example"
BROWSER, ELSEWHERE = "canary browser secret one", "canary browser secret two"
CHOSEN, WRONG, NEXT, LAST = (
    f"canary {word} heron at dawn" for word in ("chosen", "mistyped", "second", "third")
)
EVERYTHING = frozenset(Part)


class Records(logging.Handler):
    """Keeps each log record as text: message, arguments and traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep all that a formatter could show."""
        self.texts.append(f"{record.name}: {self.format(record)} {record.args!r} {record.__dict__!r}")


class Moody:
    """A limiter that fails at every third call."""

    def __init__(self) -> None:
        self._calls = 0

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Let pass, or fail."""
        self._calls += 1
        if self._calls % 3 == 0 and allowance.open_on_outage:
            raise OSError("the limiter is down")
        return None


class Ageing:
    """A hasher whose hashes are always out of date, so that every sign-in stores another."""

    def __init__(self) -> None:
        self._hasher = Argon2Hasher(CHEAPEST, allow_cheap=True)
        self.hash = self._hasher.hash

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Verify, and ask for a rehash."""
        answer = self._hasher.verify(password, stored)
        return Verification(answer.ok, needs_rehash=answer.ok, recognised=answer.recognised)


@define
class Life:
    """What a life left behind.

    Args:
        secrets: by what they are.
        sinks: every place that they could be in, by name.
    """

    secrets: dict[str, str] = field(factory=dict)
    sinks: dict[str, list[str]] = field(factory=dict)

    def keep(self, sink: str, *texts: object) -> None:
        """Put something into a sink."""
        self.sinks.setdefault(sink, []).extend(str(one) for one in texts)

    def found(self, sink: str) -> list[str]:
        """Name the secrets that a sink holds, in any common form."""
        return [
            f"{name} in {text[:40]!r}…"
            for name, secret in self.secrets.items()
            for text in self.sinks[sink]
            if any(form in text for form in _forms(secret))
        ]


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    return {secret, quote(secret), raw.hex(), base64.b64encode(raw).decode().rstrip("="), secret.upper()}


class Shop:
    """A shop on a file, whose every answer is kept."""

    def __init__(self, life: Life, folder: Path) -> None:
        self.life = life
        self.folder = folder
        self.clock = FixedClock()
        self.settings = cheap_settings()
        self.storage = SqlStorage(f"sqlite:///{folder / 'shop.db'}")
        self.storage.create_schema()
        self.postbox = Postbox()
        self.accounts = Accounts(
            self.storage,
            self.settings,
            hasher=Ageing(),
            limiter=Moody(),
            on_event=self._told,
            clock=self.clock,
        )
        life.secrets |= {"the shop's secret": self.settings.secret.decode(), "a session's name": SESSION}

    def _told(self, event: EventRecord) -> None:
        self.life.keep("events", repr(event), event, pickle.dumps(event))
        raise OSError("the callback of the host fails, so that the fault is logged")

    def ask(self, command: Any, by: Actor) -> Any:
        """Give a command, and keep all that can be seen of it and of its answer."""
        answer = self.accounts.handle(command, by=by)
        self.life.keep("answers", repr(answer), answer)
        self.life.keep("questions", repr(command), command, repr(by), by)
        for one in (command, answer):
            try:
                self.life.keep("pickles", pickle.dumps(one))
            except TypeError as error:
                self.life.keep("pickles", error)
        self._look()
        return answer

    def _look(self) -> None:
        """Keep what is stored of everybody, as it stands now."""
        self.clock.forward(seconds=1)
        facts = [self.storage.read(Scope(parts=EVERYTHING, email_keys=(ANNA, MOVED)))]
        for account in facts[0].accounts:
            scope = Scope(parts=EVERYTHING, account_id=account.id, page=Page(limit=100))
            facts.append(self.storage.read(scope))
        self.life.keep("records", *(repr(one) for one in facts), *facts)
        for path in sorted(self.folder.iterdir()):
            self.life.keep("database", path.read_bytes().decode("latin-1"))

    def mailed(self, address: str, link: str) -> str:
        """Send what waits, and give the text of the newest link of a kind."""
        self.accounts.deliver_mail(self.postbox)
        for message in reversed(self.postbox.messages):
            if message["To"] == address:
                try:
                    token = token_in(message, link)
                except LookupError:
                    continue
                self.life.secrets[f"{link} link {len(self.life.secrets)}"] = token
                return token
        raise LookupError(link)

    def keep_code(self) -> None:
        """Let the short code of the registration that waits be a canary too."""
        facts = self.storage.read(Scope(parts=frozenset({Part.TOKENS}), email_keys=(ANNA,)))
        links = [one for one in facts.tokens if one.purpose is Purpose.CONFIRM_REGISTRATION]
        code = short_code(self.settings.secret, links[-1].token_id)
        self.life.secrets |= {"the code": code, "the code as shown": f"{code[:4]}-{code[4:]}"}

    def customer(self, session: Any) -> SignedInCustomer:
        """Give the signed-in customer of a session."""
        return SignedInCustomer(
            session.account_id, session.session_epoch, session_id=SESSION,
            authenticated_at=session.authenticated_at, browser=BROWSER,
        )  # fmt: skip


def _begin(shop: Shop) -> SignedInCustomer:
    """Order as a guest, register, look at the link, and confirm elsewhere with a generated password."""
    here, elsewhere = Visitor(browser=BROWSER), Visitor(browser=ELSEWHERE)
    order = {"number": "1", "placed_at": shop.clock(), "email": ANNA, "name": "Anna"}
    shop.ask(RecordOrder(reference="o1", **order), here)
    shipment = {
        "shipment_id": "s1",
        "parcels": (ParcelInput(tracking_number="T1"),),
        "shipped_at": shop.clock(),
    }
    shop.ask(RecordShipment(reference="o1", **shipment), SYSTEM)
    shop.mailed(ANNA, "order")
    shop.ask(Register(email=ANNA, password=CHOSEN), here)
    shop.ask(SignIn(email=ANNA, password=CHOSEN), here)
    token = shop.mailed(ANNA, "confirm")
    shop.keep_code()
    shop.ask(InspectLink(token=token), elsewhere)
    shop.ask(ConfirmEmail(token=token, password=WRONG), elsewhere)
    shop.ask(ConfirmEmail(code="AAAAAAAA"), here)
    opened = shop.ask(ConfirmEmail(token=token, generate_password=True), elsewhere)
    shop.life.secrets["the first generated password"] = opened.generated_password
    shop.ask(SignIn(email=ANNA, password=WRONG), here)
    signed_in = shop.ask(SignIn(email=ANNA, password=opened.generated_password), here)
    return shop.customer(signed_in.session)


def _change(shop: Shop, anna: SignedInCustomer) -> SignedInCustomer:
    """Reset and change the password, have one generated, link and unlink Google, move the address."""
    here = Visitor(browser=BROWSER)
    shop.ask(RequestPasswordReset(email=ANNA), here)
    reset = ResetPassword(token=shop.mailed(ANNA, "reset"), new_password=NEXT)
    anna = shop.customer(shop.ask(reset, here).session)
    shop.ask(ChangePassword(current_password=WRONG, new_password=LAST), anna)
    changed = shop.ask(ChangePassword(current_password=NEXT, generate_password=True), anna)
    shop.life.secrets["the second generated password"] = changed.generated_password
    anna = shop.customer(changed.session)
    again = ChangePassword(current_password=changed.generated_password, new_password=LAST)
    anna = shop.customer(shop.ask(again, anna).session)
    shop.ask(LinkIdentity(identity=to_link(shop, email=ANNA)), anna)  # type: ignore[arg-type]  # it needs the clock only
    anna = shop.customer(shop.ask(UnlinkIdentity(provider="google"), anna).session)
    shop.ask(RequestEmailChange(email=MOVED, current_password=LAST), anna)
    moved = shop.ask(ConfirmEmailChange(token=shop.mailed(MOVED, "email_change")), anna)
    shop.mailed(ANNA, "email_cancel")
    return shop.customer(moved.session)


def _end(shop: Shop, anna: SignedInCustomer) -> None:
    """Subscribe, have a company, order, take everything along, and close."""
    here = Visitor(browser=BROWSER)
    shop.ask(SubscribeNewsletter(text_version="2026-11"), anna)
    shop.ask(ConfirmNewsletter(token=shop.mailed(MOVED, "newsletter")), here)
    shop.mailed(MOVED, "unsubscribe")
    shop.ask(SetCompany(company=CompanyInput(name="Canary GmbH", vat_number="ATU13585627")), anna)
    shop.ask(RecordOrder(reference="o2", number="2", placed_at=shop.clock()), anna)
    shop.ask(MyAccount(), anna)
    export = shop.ask(ExportMyData(), anna)
    shop.life.keep("answers", export.to_json())
    shop.ask(CloseAccount(current_password=LAST), anna)
    shop.accounts.deliver_mail(shop.postbox)


@pytest.fixture(name="life", scope="module")
def _life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A customer's whole life, with every logger at DEBUG."""
    records, loggers = (
        Records(),
        [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)],
    )
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(records)
    known = {"chosen": CHOSEN, "mistyped": WRONG, "second": NEXT, "third": LAST}
    life = Life({**known, "this browser": BROWSER, "the other browser": ELSEWHERE})
    shop = Shop(life, tmp_path_factory.mktemp("canary"))
    _end(shop, _change(shop, _begin(shop)))
    shop._look()
    shop.storage.close()
    logging.getLogger().removeHandler(records)
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)
    life.keep("logs", *records.texts)
    life.keep("mails", *(f"{one}\n{text_of(one)}" for one in shop.postbox.messages))
    return life


@pytest.mark.parametrize("sink", ["logs", "events", "database", "records", "questions", "answers", "pickles"])
def test_no_secret_gets_anywhere(life: Life, sink: str) -> None:
    """LG-01, GEN-02, TK-02, PW-13: no password, link or browser secret is in any of these, in any common form."""
    assert life.found(sink) == []


def test_mails_hold_links_and_no_password(life: Life) -> None:
    """GEN-02, LG-01: what a mail is for may be in it, its link; a password never is."""
    in_mails = {one.split(" in ")[0] for one in life.found("mails")}
    assert in_mails == {name for name in life.secrets if " link " in name or name == "the code as shown"}
    assert len(in_mails) == 8


def test_addresses_are_masked(life: Life) -> None:
    """LG-02: neither our own logs nor the events show whom they are about."""
    ours = [one for one in life.sinks["logs"] if one.startswith("customer_accounts")]
    assert len(ours) > 10
    assert [one for one in (*ours, *life.sinks["events"]) if ANNA in one or MOVED in one] == []


def test_the_search_would_find_something(life: Life) -> None:
    """LG-01: every sink is full, and what may be seen in it is seen; otherwise the search would prove nothing."""
    assert min(len(one) for one in life.sinks.values()) >= 10
    for sink in ("database", "answers", "mails"):
        assert any(ANNA in one for one in life.sinks[sink]), sink
    assert any("the limiter is down" in one for one in life.sinks["logs"])
    assert any("password_changed" in one for one in life.sinks["events"])
    assert any(AccountRecord.__name__ in one for one in life.sinks["records"])
    assert any("cannot be pickled" in one for one in life.sinks["pickles"])


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.__name__) for one in ALL])
@pytest.mark.parametrize(
    "field_name", ["pasword", "password", "new_password", "current_password", "token", "code"]
)
def test_validation_errors_repeat_nothing(kind: type[Any], field_name: str) -> None:
    """LG-01: a misspelt field, one of the wrong type and one too much send no secret back, in any form of the error."""
    for value in (CHOSEN, [CHOSEN], {CHOSEN: CHOSEN}, CHOSEN * 200):
        with pytest.raises(ValidationError) as raised:
            kind.model_validate({field_name: value, "unknown": CHOSEN})
        error = raised.value
        shown = f"{error} {error!r} {error.errors()} {error.json()} {''.join(traceback.format_exception_only(error))}"
        assert "canary" not in shown
