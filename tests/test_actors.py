"""Who asks."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from customer_accounts.account import Session
from customer_accounts.actors import Agent, SignedInCustomer, Visitor, browser_digest, network_of
from tests.shop import BROWSER


class TestVisitor:
    """Somebody who is not signed in."""

    def test_keeps_the_normal_form_of_an_ip(self) -> None:
        """AB-04: the ip is a parsed value, so two spellings of one address count as one."""
        assert Visitor(ip="2001:DB8:0:0:0:0:0:1").ip == "2001:db8::1"

    @pytest.mark.parametrize("text", ["", "unknown", "203.0.113.7, 198.51.100.1", "203.0.113.7:443"])
    def test_refuses_what_is_no_ip(self, text: str) -> None:
        """AB-04: a forwarded header that was passed on unread is a clear error."""
        with pytest.raises(ValueError, match="does not appear to be"):
            Visitor(ip=text)

    def test_refuses_a_short_browser_secret(self) -> None:
        """A browser's secret that could be guessed is a fault of the host."""
        with pytest.raises(ValueError, match="random secret"):
            Visitor(browser="short")

    def test_hides_the_browser_secret(self) -> None:
        """LG-01: the browser's secret is in no repr, its digest is not the secret."""
        visitor = Visitor(browser=BROWSER)
        assert BROWSER not in repr(visitor)
        assert visitor.browser_digest == browser_digest(BROWSER)
        assert BROWSER not in str(visitor.browser_digest)

    def test_may_have_no_browser(self) -> None:
        """A host without cookies is served too."""
        assert Visitor().browser_digest is None


def test_a_session_gives_its_customer() -> None:
    """SE-01: what a host keeps of a sign-in is all it needs to say who asks."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    session = Session(UUID(int=1), 3, now)
    asking = session.customer(session_id="s1", ip="203.0.113.7", browser=BROWSER)
    assert asking == SignedInCustomer(
        UUID(int=1), 3, session_id="s1", authenticated_at=now, ip="203.0.113.7", browser=BROWSER
    )


@pytest.mark.parametrize("nobody", ["", " "])
def test_an_agent_has_a_name(nobody: str) -> None:
    """LG-02: the audit trail would name nobody."""
    with pytest.raises(ValueError, match="id must say who it is"):
        Agent(nobody)


def test_session_id_is_hidden() -> None:
    """LG-01: a signed-in customer's session id is in no repr."""
    customer = SignedInCustomer(UUID(int=1), 1, session_id="s3cret-session", browser=BROWSER)
    assert "s3cret-session" not in repr(customer)
    assert BROWSER not in repr(customer)


@pytest.mark.parametrize(
    ("ip", "network"),
    [(None, None), ("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")],
)
def test_network_of_an_address(ip: str | None, network: str | None) -> None:
    """AB-01: an IPv6 customer has a /64 to choose addresses from, which counts as one."""
    assert network_of(ip) == network
