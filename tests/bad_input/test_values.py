"""Values that a host makes by itself: with garbage they are refused by the name of the argument, without an echo.

Annotations stop nobody at run time.  A customer whose id is a text, a flag that is ``"no"`` and counts as true, or a
time without a zone would go wrong far away from where they came in.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from customer_accounts.actors import Agent, SignedInCustomer, System, Visitor, network_of
from customer_accounts.email_address import EmailAddress
from customer_accounts.errors import CustomerAccountsError, SettingsError
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.settings import LIFETIMES, Settings, Storefront
from customer_accounts.testing import cheap_settings
from customer_accounts.token import Purpose
from customer_accounts.vat import (
    Buyer,
    NumberProblem,
    Place,
    Seller,
    Supply,
    VatAnswer,
    VatNumber,
    VatNumberError,
    VatStatus,
)
from tests.bad_input.absurd import CANARY, EVERYTHING, TEXTS, THINGS

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBER = VatNumber("DE136695976")
FRONT = Storefront(name="Demo Shop", base_url="https://shop.example", contact="help@shop.example")
_PLAIN = cheap_settings()

#: Each value with good arguments, every one of them named.
GOOD: MappingProxyType[type, Mapping[str, Any]] = MappingProxyType(
    {
        Visitor: {"ip": "203.0.113.7", "browser": "x" * 20, "storefront": "default"},
        SignedInCustomer: {
            "account_id": UUID(int=1),
            "session_epoch": 1,
            "session_id": "s-1",
            "authenticated_at": NOW,
            "ip": "203.0.113.7",
            "browser": "x" * 20,
            "storefront": "default",
        },
        Agent: {"id": "17", "name": "Eva", "may": frozenset({"refund"}), "storefront": "default"},
        System: {"name": "orders", "storefront": "default"},
        VerifiedIdentity: {
            "provider": "google",
            "subject": "1",
            "issuer": "https://accounts.example",
            "audience": "shop",
            "use": IdentityUse.SIGN_IN,
            "verified_at": NOW,
            "browser": "digest",
            "session_id": "s-1",
            "email": "vera@mail.example",
        },
        Storefront: {
            "name": "Demo Shop",
            "base_url": "https://shop.example",
            "contact": "help@shop.example",
            "links": {},
            "sender": "",
            "postal": "",
        },
        Settings: {
            name: getattr(_PLAIN, name) for name in Settings.__annotations__ if not name.startswith("_")
        },
        Place: {"country": "AT", "postcode": "1010", "city": "Wien", "region": None},
        Seller: {
            "country": "AT",
            "oss": False,
            "below_threshold": False,
            "registered_in": frozenset({"DE"}),
            "unverified_business": "origin",
            "at_enclave": "origin",
            "number": VatNumber("ATU13585627"),
            "rates_max_age_days": 180,
        },
        Buyer: {
            "is_business": True,
            "number": NUMBER,
            "status": VatStatus.VALID,
            "place": Place("DE"),
            "problem": NumberProblem.MALFORMED,
        },
        Supply: {
            "kind": "goods",
            "ships_from": "AT",
            "ships_to": Place("DE"),
            "on": date(2026, 11, 23),
            "pickup": False,
            "rate_category": "standard",
        },
        VatNumber: {"compact": "DE136695976", "as_typed": "de 136 695 976", "checksum_ok": True},
        VatAnswer: {
            "number": "DE136695976",
            "status": VatStatus.VALID,
            "code": "VALID",
            "checked_at": NOW,
            "endpoint": "",
            "http_status": 200,
            "raw": "",
            "consultation_number": None,
            "name": None,
            "address": None,
            "matches": (),
            "requester": None,
            "requester_refused": False,
        },
    }
)
#: What an argument is called in its error where not by its own name.
CALLED = MappingProxyType(
    {
        "links": "unknown link",
        "place": "country",
        "ships_from": "country",
        "ships_to": "country",
        "registered_in": "country",
    }
)
#: A misspelt link of the host's own settings is named, so that it can be found.
MISSPELT = frozenset({"dict", "dict_of_ten_thousand"})
CASES = [(made, name) for made, given in GOOD.items() for name in given]


@pytest.mark.parametrize("made", GOOD, ids=lambda one: one.__name__)
def test_good_arguments_make_it(made: type) -> None:
    """What is refused below is refused for the one argument that was changed."""
    assert made(**GOOD[made]) == made(**GOOD[made])


def _is_text_there(made: type, name: str) -> bool:
    return isinstance(GOOD[made][name], str)


@pytest.mark.parametrize(("made", "name"), CASES, ids=[f"{made.__name__}-{name}" for made, name in CASES])
def test_garbage_is_refused_by_name(made: type, name: str) -> None:
    """LG-01: a ValueError, TypeError or SettingsError that names the argument and repeats nothing of it."""
    for label, value in EVERYTHING.items():
        try:
            made(**{**GOOD[made], name: value})
        except (ValueError, TypeError) as error:
            refusal = error
        else:
            assert _may_be(made, name, value), label
            continue
        shown = f"{refusal!s} {refusal!r} {refusal.__cause__!r}"
        assert name in shown or CALLED.get(name, name) in shown, label
        assert CANARY not in shown or (name == "links" and label in MISSPELT), label
        assert len(str(refusal)) < 300, label
        assert not isinstance(refusal, UnicodeError), label


def _may_be(made: type, name: str, value: object) -> bool:
    """Say whether an argument may be this: of the very kind of the good one, or left out."""
    good = GOOD[made][name]
    if value is None:
        return good is None or name in LEFT_OUT
    if name in (
        "may",
        "old_secrets",
        "storefronts",
        "limits",
        "lifetimes",
        "links",
        "registered_in",
        "matches",
    ):
        return len(value) == 0 or isinstance(value, set | tuple)  # type: ignore[arg-type]  # all of them are collections
    if name == "secret":
        return isinstance(value, bytes | str) and len(value) >= 32
    if isinstance(good, bool) or isinstance(value, bool):
        return isinstance(good, bool) and isinstance(value, bool)
    if isinstance(good, int):
        return isinstance(value, int)
    if name in ("on", "consultation_number", "name", "address", "requester"):
        return isinstance(value, date if name == "on" else str)
    return isinstance(value, type(good))


#: Arguments that may be None.
LEFT_OUT = frozenset(
    {"ip", "browser", "session_id", "authenticated_at", "email", "number", "place", "problem", "postcode"}
    | {"city", "region", "http_status"}
)


@pytest.mark.parametrize("text", THINGS.values(), ids=THINGS)
def test_reading_garbage_is_an_own_error(text: object) -> None:
    """EM-01, RL-09: what is no text is no address and no number, and the hint of a country is only a hint."""
    with pytest.raises(ValueError, match="address is a text"):
        EmailAddress.parse(text)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(VatNumberError):
        VatNumber.parse(text)
    assert VatNumber.parse("DE136695976", country=text) == NUMBER  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_reading_odd_texts_is_an_own_error(text: str) -> None:
    """LG-01: neither error repeats what was typed, in its text, its repr or its cause."""
    for read in (EmailAddress.parse, VatNumber.parse):
        with pytest.raises(ValueError, match=r"\w") as caught:
            read(text)
        assert CANARY not in f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r}"


class TestAddressesOfTheNet:
    """An ip that a host reads off a socket."""

    @pytest.mark.parametrize("ip", ["::ffff:203.0.113.7", "::FFFF:cb00:7107", "203.0.113.7"])
    def test_ipv4_behind_ipv6_counts_as_ipv4(self, ip: str) -> None:
        """AB-01: on a dual-stack socket all IPv4 customers would share one /64, and its limits."""
        assert Visitor(ip=ip).ip == "203.0.113.7"
        assert network_of(Visitor(ip=ip).ip) == "203.0.113.7"

    def test_the_zone_of_an_interface_is_left_out(self) -> None:
        """AB-04: the name of an interface, of any length, is no part of whom to count."""
        assert Visitor(ip="fe80::1%" + "e" * 1_000).ip == "fe80::1"

    @pytest.mark.parametrize("ip", [5, True, b"\x7f\x00\x00\x01"])
    def test_numbers_are_no_addresses(self, ip: Any) -> None:
        """A number would be read as an address that nobody has."""
        with pytest.raises(TypeError, match="ip must be str"):
            Visitor(ip=ip)


class TestSettings:
    """Settings that are given in part, or wrongly."""

    def test_what_is_left_out_keeps_its_default(self) -> None:
        """AB-01: a shop that changes one limit or lifetime keeps all others."""
        one = Allowance(1, timedelta(hours=1))
        made = evolve(_PLAIN, limits={Limit.CODE: one}, lifetimes={Purpose.VIEW_ORDER: timedelta(days=9)})
        assert made.limits == {**ALLOWANCES, Limit.CODE: one}
        assert made.lifetimes == {**LIFETIMES, Purpose.VIEW_ORDER: timedelta(days=9)}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("limits", {"sign_in": Allowance(1, timedelta(hours=1))}),
            ("limits", {Limit.CODE: 5}),
            ("lifetimes", {"for_ever": timedelta(days=1)}),
            ("lifetimes", {Purpose.VIEW_ORDER: 5}),
            ("old_secrets", {"0": 5}),
            ("storefronts", {"fr": "https://shop.example"}),
            ("registration_lifetime", timedelta(-1)),
            ("code_tries", -1),
            ("wish_lists_per_account", True),
        ],
    )
    def test_refuses_what_cannot_work(self, name: str, value: object) -> None:
        """A wrong setting is found at start, not by the first customer."""
        with pytest.raises(
            (SettingsError, TypeError, ValueError), match=name.removeprefix("old_").rstrip("s")
        ):
            evolve(_PLAIN, **{name: value})  # type: ignore[arg-type]  # wrong on purpose

    @pytest.mark.parametrize(
        "url", ["https://[", "https://shop.example\r\nX: y", "https://shop.example\u2028"]
    )
    def test_refuses_base_urls_that_break_out(self, url: str) -> None:
        """TK-10, EM-01: urlsplit drops line breaks silently, a mail would not."""
        with pytest.raises(SettingsError, match="base_url"):
            evolve(FRONT, base_url=url)

    def test_errors_are_of_one_family(self) -> None:
        """A host that catches the errors of this library catches these, too."""
        assert issubclass(SettingsError, CustomerAccountsError)


@pytest.mark.parametrize("label", [one for one, value in EVERYTHING.items() if value is not True])
def test_what_only_looks_true_is_no_flag(label: str) -> None:
    """F25: ``"no"`` is true in Python; nobody becomes a business, and no tax falls away, by a form's text."""
    value = EVERYTHING[label]
    for made, name in ((Buyer, "is_business"), (Supply, "pickup"), (Seller, "oss")):
        with pytest.raises(TypeError, match=name):
            made(**{**GOOD[made], name: value})


@pytest.mark.parametrize("name", ["email_verified", "authoritative"])
def test_providers_flags_are_literally_true_or_false(name: str) -> None:
    """PH-07, SO-03: anything but True is no proof, and no reason to fail."""
    for value in EVERYTHING.values():
        identity = VerifiedIdentity(**{**GOOD[VerifiedIdentity], name: value})
        assert getattr(identity, name) is (value is True)


def test_a_providers_odd_name_stops_nobody() -> None:
    """A name is for greeting only: it is put on one line and cut, and what is no text is left out."""
    for value in EVERYTHING.values():
        name = VerifiedIdentity(**{**GOOD[VerifiedIdentity], "name": value}).name
        assert len(name) <= 200
        assert name.encode().decode().splitlines() in ([], [name])
        assert "\x00" not in name
