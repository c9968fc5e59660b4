"""What an adapter hands over after somebody signed in at an identity provider."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.actors import SignedInCustomer, Visitor, browser_digest
from customer_accounts.features.identity import (
    USABLE_FOR,
    IdentityUse,
    VerifiedIdentity,
    canonical_provider,
    not_from_here,
)
from customer_accounts.refusals import Reason
from tests.identities import SESSION, facebook, google, in_session, to_link
from tests.shop import BROWSER, ELSEWHERE, Shop


def _reason(identity: VerifiedIdentity, shop: Shop, actor: Visitor | SignedInCustomer) -> Reason | None:
    use = IdentityUse.LINK if isinstance(actor, SignedInCustomer) else IdentityUse.SIGN_IN
    refusal = not_from_here(identity, use, shop.accounts._around.env(), actor)
    return None if refusal is None else refusal.refused.reason


@pytest.mark.parametrize("name", ["google", "Google", " google+ ", "GooglePlus", "Google Plus"])
def test_google_plus_is_another_name_of_google(name: str) -> None:
    """F18: its ids are those of the Google account."""
    assert canonical_provider(name) == "google"
    assert canonical_provider("Facebook") == "facebook"


@given(
    claim=st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["true", "True", 1, 1.0])
)
def test_only_true_is_true(claim: Any) -> None:
    """PH-07, SO-03: a claim of any other shape verifies nothing."""
    identity = evolve(google(Shop()), email_verified=claim)
    assert identity.email_verified is (claim is True)
    assert identity.proves_mailbox is (claim is True)
    assert evolve(google(Shop()), authoritative=claim).proves_mailbox is (claim is True)


def test_a_mailbox_is_proven_by_a_verified_address_of_the_provider_itself(shop: Shop) -> None:
    """F19: both words are needed, and an address."""
    assert google(shop).proves_mailbox
    assert not google(shop, email=None).proves_mailbox
    assert not facebook(shop).proves_mailbox
    assert not facebook(shop, email_verified=True).proves_mailbox


@pytest.mark.parametrize("name", ["provider", "subject", "issuer", "audience"])
@pytest.mark.parametrize("value", ["", None, 7])
def test_who_vouched_for_whom_and_for_which_shop_is_always_known(shop: Shop, name: str, value: Any) -> None:
    """SO-06: an identity without issuer or audience cannot be made; an id is a text."""
    with pytest.raises(ValueError, match=name):
        google(shop, **{name: value})


def test_an_address_is_a_text(shop: Shop) -> None:
    """SO-06: what is no text is a fault of the adapter."""
    with pytest.raises(TypeError):
        google(shop, email=7)  # type: ignore[arg-type]  # wrong on purpose


def test_what_is_not_said_is_not_so(shop: Shop) -> None:
    """SO-03: an adapter that says nothing about the address has not said that it is verified."""
    said = google(shop)
    silent = VerifiedIdentity(
        provider=said.provider,
        subject=said.subject,
        issuer=said.issuer,
        audience=said.audience,
        use=said.use,
        verified_at=said.verified_at,
        email=said.email,
    )
    assert (silent.email_verified, silent.authoritative, silent.proves_mailbox) == (False, False, False)


def test_a_sign_in_belongs_to_the_browser_that_began_it(shop: Shop) -> None:
    """SO-04: an answer of the provider that was begun elsewhere is refused, and so is one of no browser."""
    assert _reason(google(shop), shop, shop.visitor(BROWSER)) is None
    assert _reason(google(shop), shop, shop.visitor(ELSEWHERE)) is Reason.IDENTITY_STALE
    assert _reason(google(shop, browser=None), shop, shop.visitor(BROWSER)) is Reason.IDENTITY_STALE
    assert _reason(google(shop), shop, shop.visitor(None)) is Reason.BROWSER_REQUIRED
    assert _reason(google(shop, browser=None), shop, shop.visitor(None)) is Reason.BROWSER_REQUIRED


def test_a_link_belongs_to_the_session_that_began_it(shop: Shop) -> None:
    """SO-04: another session, or one without a name, links nothing, whatever the browser."""
    opened = shop.open_account()
    customer = in_session(shop, opened)
    assert _reason(to_link(shop), shop, customer) is None
    assert _reason(to_link(shop), shop, evolve(customer, session_id="another")) is Reason.IDENTITY_STALE
    unnamed = evolve(to_link(shop), session_id=None, browser=browser_digest(BROWSER))
    nameless = evolve(customer, session_id=None, browser=BROWSER)
    assert _reason(unnamed, shop, nameless) is Reason.IDENTITY_STALE


def test_a_ticket_works_for_its_own_use_only(shop: Shop) -> None:
    """SO-04: what was begun for signing in never links, and the other way round."""
    opened = shop.open_account()
    assert _reason(google(shop, session_id=SESSION), shop, in_session(shop, opened)) is Reason.IDENTITY_STALE
    assert _reason(to_link(shop), shop, shop.visitor(BROWSER)) is Reason.IDENTITY_STALE


def test_an_answer_is_used_at_once(shop: Shop) -> None:
    """SO-04: ten minutes to the second, and nothing from the future."""
    now = shop.clock.now
    for age, expected in ((USABLE_FOR, None), (USABLE_FOR * 1.001, Reason.IDENTITY_STALE)):
        identity = google(shop, verified_at=now - age)
        assert _reason(identity, shop, shop.visitor(BROWSER)) is expected
    future = google(shop, verified_at=now + USABLE_FOR)
    assert _reason(future, shop, shop.visitor(BROWSER)) is Reason.IDENTITY_STALE


def test_nothing_personal_is_in_the_repr(shop: Shop) -> None:
    """LG-01: neither the address nor the id, the browser or the name."""
    shown = repr(to_link(shop, name="Vera Berger"))
    for secret in ("vera@", "google-1", "Vera", SESSION, browser_digest(BROWSER)):
        assert secret not in shown
