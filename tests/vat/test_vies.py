"""Reading the answers of VIES: both shapes, hidden faults, garbage, other people's answers."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import VatAnswer, VatNumber, VatStatus
from customer_accounts.vat.vies import Asked, Trader, no_answer, read_answer

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NUMBER = VatNumber("DE136695976")
GOOD: dict[str, object] = {"countryCode": "DE", "vatNumber": "136695976", "valid": True}
GOOD_GET: dict[str, object] = {"isValid": True, "userError": "VALID", "vatNumber": "136695976"}


def read(data: object, status: int = 200, number: VatNumber = NUMBER) -> VatAnswer:
    """What comes of an answer about the number."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read_answer(Asked(number, "https://vies.example"), AT, status, body)


@pytest.mark.parametrize(
    "data", [GOOD, GOOD_GET, {**GOOD, "vatNumber": "DE 136695976"}, {**GOOD, "userError": ""}]
)
def test_valid_in_every_shape(data: dict[str, object]) -> None:
    """POST's and GET's shape, the number with its prefix or blanks."""
    answer = read(data)
    assert (answer.status, answer.code, answer.number) == (VatStatus.VALID, "VALID", "DE136695976")


@pytest.mark.parametrize(
    "data", [{**GOOD, "valid": False}, {**GOOD_GET, "isValid": False, "userError": "INVALID"}]
)
def test_invalid_in_every_shape(data: dict[str, object]) -> None:
    """Only a plain false without a fault is invalid."""
    assert read(data).status is VatStatus.INVALID


@pytest.mark.parametrize("code", ["IP_BLOCKED", "MS_UNAVAILABLE", "SERVER_BUSY", "SOMETHING_NEW", "TIMEOUT"])
def test_an_outage_hidden_in_a_verdict_is_an_outage(code: str) -> None:
    """GET answers 200 with isValid false in an outage; reading only the verdict is the classic bug."""
    answer = read({**GOOD_GET, "isValid": False, "userError": code, "name": "---"})
    assert (answer.status, answer.code) == (VatStatus.UNVERIFIED, code)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_body_is_read_before_the_status(status: int) -> None:
    """Error wrappers come with 200, 400 and 500 alike."""
    answer = read({"actionSucceed": False, "errorWrappers": [{"error": "MS_MAX_CONCURRENT_REQ"}]}, status)
    assert (answer.status, answer.code, answer.http_status) == ("unverified", "MS_MAX_CONCURRENT_REQ", status)


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>Sorry</body></html>",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        {},
        [],
        5,
        None,
        {"valid": "yes"},
        {"valid": True},
        {**GOOD, "valid": "true"},
        {**GOOD, "valid": 1},
        {**GOOD, "valid": None},
        {**GOOD, "vatNumber": "999999999"},
        {**GOOD, "countryCode": "AT"},
        {**GOOD, "vatNumber": 136695976},
        {**GOOD, "countryCode": None},
        {**GOOD, "isValid": False},
        {**GOOD_GET, "userError": "INVALID"},
        {"userError": "VALID", "vatNumber": "136695976"},
        {**GOOD, "userError": 5},
        {**GOOD, "actionSucceed": False},
        {**GOOD, "errorWrappers": []},
        {**GOOD, "errorWrappers": ["MS_UNAVAILABLE"]},
        {**GOOD, "errorWrappers": "MS_UNAVAILABLE"},
        {"errorWrappers": [{}]},
    ],
)
def test_what_is_not_clear_is_unverified(data: object) -> None:
    """HTML, broken JSON, no boolean, contradictions, another number's answer: never valid, never invalid."""
    answer = read(data)
    assert (answer.status, answer.code) == (VatStatus.UNVERIFIED, "BAD_RESPONSE")
    assert answer.name is None


def test_a_verdict_with_a_bad_status_is_no_verdict() -> None:
    """A proxy's error page may repeat anything."""
    assert read(GOOD, 503).code == "BAD_RESPONSE"
    assert read(GOOD, 302).code == "BAD_RESPONSE"


def test_greece_is_el_and_its_answer_may_say_gr() -> None:
    """The request says EL; an answer with the ISO code is the same state."""
    greek = VatNumber("EL094259216")
    assert json.loads(Asked(greek, "").body()) == {"countryCode": "EL", "vatNumber": "094259216"}
    assert (
        read({"countryCode": "GR", "vatNumber": "094259216", "valid": True}, number=greek).status == "valid"
    )


def test_the_details_of_an_answer() -> None:
    """Name and address, '---' for withheld, an empty consultation number for none."""
    known = read({**GOOD, "name": " Example GmbH ", "address": "Weg 1\nBerlin", "requestIdentifier": "WAPI1"})
    assert (known.name, known.address, known.consultation_number) == (
        "Example GmbH",
        "Weg 1\nBerlin",
        "WAPI1",
    )
    withheld = read({**GOOD, "name": "---", "address": "---", "requestIdentifier": ""})
    assert (withheld.name, withheld.address, withheld.consultation_number) == (None, None, None)


@pytest.mark.parametrize(
    "data",
    [
        {**GOOD, "traderNameMatch": "VALID", "traderCityMatch": "INVALID", "traderStreetMatch": "MAYBE"},
        {**GOOD_GET, "viesApproximate": {"matchName": 1, "matchCity": 2, "matchStreet": 9}},
    ],
)
def test_matches_of_approximate_requests(data: dict[str, object]) -> None:
    """Words in one shape, numbers in the other; what is neither is left out."""
    assert read(data).matches == (("name", "VALID"), ("city", "INVALID"))


def test_the_request_names_the_requester_as_the_contract_does() -> None:
    """requesterMemberStateCode and requesterNumber, without which there is no consultation number."""
    asked = Asked(NUMBER, "", VatNumber("ATU13585627"), Trader(name="Example", city="Berlin"))
    assert json.loads(asked.body()) == {
        "countryCode": "DE",
        "vatNumber": "136695976",
        "requesterMemberStateCode": "AT",
        "requesterNumber": "U13585627",
        "traderName": "Example",
        "traderCity": "Berlin",
    }
    again = asked.without_requester()
    assert "requesterNumber" not in json.loads(again.body())
    assert read_answer(again, AT, 200, json.dumps(GOOD).encode()).requester_refused


def test_no_answer_is_unverified() -> None:
    """A register that is silent has said nothing about the number."""
    answer = no_answer(Asked(NUMBER, "https://vies.example", VatNumber("ATU13585627")), AT)
    assert (answer.status, answer.code, answer.http_status) == ("unverified", "NO_RESPONSE", None)
    assert (answer.requester, answer.endpoint) == ("ATU13585627", "https://vies.example")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
_KEYS = st.sampled_from(
    ("valid", "isValid", "userError", "countryCode", "vatNumber", "errorWrappers", "actionSucceed", "name")
)


@given(st.dictionaries(_KEYS, _JSON | st.sampled_from(("VALID", "DE", "136695976"))), st.integers(100, 599))
def test_no_answer_breaks_the_reading(data: dict[str, object], status: int) -> None:
    """Any JSON is read; valid needs a true, this number, no fault and a good status."""
    answer = read(data, status)
    if answer.status is VatStatus.VALID:
        assert data.get("valid") is True or data.get("isValid") is True
        assert data["vatNumber"] == "136695976"
        assert 200 <= status < 300
