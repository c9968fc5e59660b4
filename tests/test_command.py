"""What all commands share: bounded input, silent errors, no pickling."""

import copy
import pickle
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

import customer_accounts
from customer_accounts.actors import Agent, SignedInCustomer, System, Visitor
from customer_accounts.command import Command, is_fresh, name_of
from customer_accounts.features.registration import Register
from customer_accounts.inputs import AddressInput, CompanyInput, Moment, Quantity, RelativePath
from customer_accounts.vat import VatStatus
from tests.shop import Shop

CANARY = "hunter2-canary-value"


class _Body(BaseModel):
    """A request body of a web framework that holds a command."""

    command: Register


def _everything(error: ValidationError) -> str:
    return f"{error!s} {error!r} {error.errors()!r} {error.json()}"


class TestValidationErrors:
    """LG-01: errors name the field and echo nothing."""

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"email": "anna@mail.example", "pasword": CANARY}, "pasword"),
            ({"password": CANARY}, "email"),
            ({"email": CANARY * 200}, "email"),
            ({"email": "a@mail.example", "password": CANARY, "generate_password": True}, ""),
            ({"email": "a@mail.example", "password": {"x": CANARY}}, "password"),
            ({"email": "a@mail.example", "locale": CANARY}, "locale"),
            ({"email": "a@mail.example", "name": CANARY + "\r\nBcc: x"}, "name"),
            ({"email": "a@mail.example", "continue_to": "//" + CANARY}, "continue_to"),
            ({"email": "a@mail.example", "id": CANARY}, "id"),
            ({"email": "a@mail.example", "company": {"name": "", "vat_number": CANARY}}, "name"),
            ({"email": "a@mail.example", "company": CANARY}, "company"),
        ],
    )
    def test_name_the_field_and_hold_no_input(self, fields: dict[str, object], named: str) -> None:
        """LG-01: whichever way a body is wrong, str, repr, errors() and json() hold none of it."""
        with pytest.raises(ValidationError) as caught:
            Register(**fields)
        shown = _everything(caught.value)
        assert CANARY not in shown
        assert named in shown
        with pytest.raises(ValidationError) as caught:
            _Body.model_validate({"command": fields})
        assert CANARY not in _everything(caught.value)

    def test_do_not_echo_a_field_name_that_is_none(self) -> None:
        """LG-01: a password that slipped into a key is not echoed as the name of a field."""
        with pytest.raises(ValidationError) as caught:
            Register(**{"email": "a@mail.example", "My pass phrase!": "x"})
        assert "phrase" not in _everything(caught.value)

    @given(st.one_of(st.none(), st.integers(), st.binary(max_size=10), st.lists(st.integers(), max_size=2)))
    def test_refuse_what_is_no_text(self, value: object) -> None:
        """Non-strings in place of an address are validation errors, never crashes."""
        if isinstance(value, bytes):
            try:
                value.decode()
            except UnicodeDecodeError:
                pass
            else:
                return
        with pytest.raises(ValidationError):
            Register.model_validate({"email": value})


class TestSecrecy:
    """LG-01: a command shows no password."""

    def test_repr_hides_the_password(self) -> None:
        """LG-01: neither repr nor str nor the dump as JSON shows it."""
        command = Register(email="a@mail.example", password=SecretStr(CANARY))
        assert CANARY not in f"{command!r} {command!s} {command.model_dump_json()}"

    def test_cannot_be_pickled(self) -> None:
        """LG-01: a command does not travel into a queue or a cache."""
        with pytest.raises(TypeError, match="secrets"):
            pickle.dumps(Register(email="a@mail.example", password=SecretStr(CANARY)))

    def test_cannot_be_changed(self) -> None:
        """AZ-02: a command is what it was when it was checked; a copy is the same."""
        command = Register(email="a@mail.example")
        with pytest.raises(ValidationError):
            command.email = "b@mail.example"  # type: ignore[misc]  # wrong on purpose
        assert copy.copy(command) == command


class TestInputs:
    """The kinds of fields."""

    @pytest.mark.parametrize("path", ["", "/", "/checkout", "/a/b?c=d#e", "/%2F%2Fx"])
    def test_paths_of_the_shop(self, path: str) -> None:
        """A way on inside the shop is accepted as it is."""
        assert TypeAdapter[str](RelativePath).validate_python(path) == path

    @pytest.mark.parametrize(
        "path",
        ["//evil.example", "/\\evil.example", "https://evil.example", "checkout", "/a b", "/a\n", "/é", " /"],
    )
    def test_ways_out_are_refused(self, path: str) -> None:
        """A path that browsers could read as another host is refused (OWASP Unvalidated Redirects)."""
        with pytest.raises(ValidationError):
            TypeAdapter[str](RelativePath).validate_python(path)

    @pytest.mark.parametrize("value", [0, -1, 10_000, 1.5, "2", True, None])
    def test_absurd_quantities(self, value: object) -> None:
        """Negative, huge and non-integer quantities are validation errors."""
        with pytest.raises(ValidationError):
            TypeAdapter[int](Quantity).validate_python(value)

    @pytest.mark.parametrize(
        "value",
        [
            datetime(2026, 1, 1),  # noqa: DTZ001  # naive on purpose
            datetime(1026, 1, 1, tzinfo=UTC),
            datetime(3026, 1, 1, tzinfo=UTC),
            "soon",
        ],
    )
    def test_absurd_times(self, value: object) -> None:
        """Naive and absurd times are validation errors."""
        with pytest.raises(ValidationError):
            TypeAdapter[datetime](Moment).validate_python(value)

    def test_locale_is_read_by_its_language(self) -> None:
        """A browser's tag is enough."""
        assert Register(email="a@mail.example", locale="de-AT").locale == "de"

    def test_address_is_kept_as_typed(self) -> None:
        """F10: only the country is brought to its code."""
        address = AddressInput(
            name="Anna  Müller", street="rue de l'Été 1", city="Genève", country=" ch ", postcode="1204"
        ).postal_address()
        assert (address.name, address.country, address.postcode) == ("Anna  Müller", "CH", "1204")
        assert "Anna" not in repr(address)

    @pytest.mark.parametrize(
        ("typed", "country", "number", "status", "problem"),
        [
            ("", "", None, VatStatus.NOT_GIVEN, None),
            ("de 136 695 976", "", "DE136695976", VatStatus.PENDING, None),
            ("136695976", "DE", "DE136695976", VatStatus.PENDING, None),
            ("DE136695977", "", "DE136695977", VatStatus.PENDING, "checksum_failed"),
            ("hello", "", None, VatStatus.INVALID, "malformed"),
        ],
    )
    def test_company_number_never_refuses(
        self, typed: str, country: str, number: str | None, status: VatStatus, problem: str | None
    ) -> None:
        """F21, F25: an unreadable number is kept as typed with its reason, a wrong check digit may still be asked."""
        company = CompanyInput(name="Muster GmbH", vat_number=typed, country=country).company()
        assert company.vat_as_typed == typed
        assert company.vat_number == number
        assert company.vat_status is status
        assert company.vat_problem == problem


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        (Visitor(), "visitor"),
        (SignedInCustomer(UUID(int=7), 1), f"signedincustomer:{UUID(int=7)}"),
        (Agent("17", "Eva"), "agent:17"),
        (System("orders\r\nforged"), "system:orders\\u000d\\u000aforged"),
    ],
)
def test_names_of_actors(actor: Visitor, name: str) -> None:
    """LG-02, LG-03: the audit trail names who asked, on one line."""
    assert name_of(actor) == name


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(minutes=15), True),
        (timedelta(minutes=16), False),
        (-timedelta(1), False),
    ],
)
def test_freshness(shop: Shop, age: timedelta, fresh: bool) -> None:
    """PW-10: just having signed in counts for a quarter of an hour, a time in the future never."""
    env = shop.accounts._around.env()
    assert is_fresh(env.now - age, env) is fresh
    assert not is_fresh(None, env)


def _exported() -> list[object]:
    return [getattr(customer_accounts, name) for name in customer_accounts.__all__]


@pytest.mark.parametrize("name", ["token", "code", "reference_token"])
def test_no_command_shows_a_link_or_a_code(name: str) -> None:
    """LG-01, truth 8: what a mail proves stands in no repr and no log."""
    exported = [one for one in _exported() if isinstance(one, type)]
    holding = [one for one in exported if issubclass(one, Command) and name in one.model_fields]
    assert holding
    for command in holding:
        assert CANARY not in repr(command(**{name: CANARY}))
        assert CANARY not in str(command(**{name: CANARY}))
