"""The fake VIES behaves as the real one does."""

import json
from urllib.request import Request, urlopen

from customer_accounts.testing.fake_vies import FakeVies, fault, garbage, hang_up, invalid, slow, valid


def post(url: str, **data: str) -> dict[str, object]:
    """What the fake answers to a question."""
    request = Request(
        f"{url}/check-vat-number", json.dumps(data).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=5) as response:
        return dict(json.load(response))


def test_it_answers_by_number_and_remembers_what_was_asked() -> None:
    """Numbers that were set are what they were set to, others get the default."""
    with FakeVies(default=valid()) as vies:
        vies.set("DE1", invalid())
        assert post(vies.url, countryCode="DE", vatNumber="1")["valid"] is False
        assert post(vies.url, countryCode="DE", vatNumber="2")["valid"] is True
        assert [asked["vatNumber"] for asked in vies.asked] == ["1", "2"]


def test_get_has_the_other_shape() -> None:
    """GET /ms/{country}/vat/{number} answers with isValid and userError."""
    with FakeVies() as vies:
        vies.set("DE1", valid(shape="get"))
        with urlopen(f"{vies.url}/ms/DE/vat/1", timeout=5) as response:
            told = json.load(response)
    assert (told["isValid"], told["userError"], told["requestIdentifier"]) == (True, "VALID", "")


def test_a_consultation_number_needs_a_requester() -> None:
    """As with the real one, who does not say who they are gets none."""
    with FakeVies(default=valid()) as vies:
        assert post(vies.url, countryCode="DE", vatNumber="1")["requestIdentifier"] == ""
        named = post(vies.url, countryCode="DE", vatNumber="1", requesterNumber="U1")
        assert named["requestIdentifier"]


def test_behaviours_are_worked_off_one_by_one() -> None:
    """The first time this, the second time that, and the last one stays."""
    with FakeVies() as vies:
        vies.set("DE1", fault("MS_UNAVAILABLE"), valid())
        told = [post(vies.url, countryCode="DE", vatNumber="1") for _ in range(3)]
    assert "errorWrappers" in told[0]
    assert [answer.get("valid") for answer in told[1:]] == [True, True]


def test_behaviours_are_values() -> None:
    """Hosts can combine them in their own tests."""
    assert slow(1.0).delay == 1.0
    assert slow(1.0, fault("TIMEOUT")).body == fault("TIMEOUT").body
    assert hang_up().hang_up
    assert garbage().body


def test_a_text_can_name_the_number_that_was_asked() -> None:
    """For answers of our own making."""
    with FakeVies(default=garbage('{"echo":"{country}{number}"}')) as vies:
        assert post(vies.url, countryCode="DE", vatNumber="77") == {"echo": "DE77"}
