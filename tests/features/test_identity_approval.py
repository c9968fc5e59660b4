"""Sign-ins that wait for their owner's approval after a reset."""

from uuid import UUID

import pytest

from customer_accounts.account import IdentityRecord
from customer_accounts.changes import insert
from customer_accounts.features.identity_approval import ApproveIdentities, IdentitiesApproved
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.outbox import EventKind, MailPurpose, MailRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.shop import Shop

NEW = "nine loud kingfishers"


def _link_identity(shop: Shop, account_id: UUID, provider: str, *, approved: bool = True) -> None:
    identity = IdentityRecord(
        provider=provider, subject="7", account_id=account_id, linked_at=shop.clock.now, approved=approved
    )
    shop.storage.write([insert(identity)])


def _reset(shop: Shop, email: str = "anna@mail.example", password: str = NEW) -> MailRecord:
    shop.require(RequestPasswordReset(email=email), by=shop.visitor())
    token = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[-1])
    shop.require(ResetPassword(token=token, new_password=password), by=shop.visitor())
    return shop.mails(MailPurpose.PASSWORD_CHANGED)[-1]


def _approved(shop: Shop) -> dict[str, bool]:
    return {one.provider: one.approved for one in shop.stored(IdentityRecord)}


def test_a_reset_disarms_what_was_linked_lately_and_lists_all(shop: Shop) -> None:
    """PH3, PH-03: thirty days back to the second are disarmed; the mail names every linked sign-in."""
    opened = shop.open_account()
    _link_identity(shop, opened.account_id, "google")
    shop.clock.forward(seconds=1)
    _link_identity(shop, opened.account_id, "facebook")
    shop.clock.forward(days=30)
    mail = _reset(shop)
    assert _approved(shop) == {"google": True, "facebook": False}
    assert mail.detail("identities") == "google, facebook"
    assert mail.token is not None


def test_a_reset_long_after_the_links_leaves_them_alone(shop: Shop) -> None:
    """PH-03: old ones are listed and go on working; there is nothing to approve."""
    opened = shop.open_account()
    _link_identity(shop, opened.account_id, "google")
    shop.clock.forward(days=31)
    mail = _reset(shop)
    assert _approved(shop) == {"google": True}
    assert (mail.detail("identities"), mail.token) == ("google", None)


def test_sign_ins_of_other_accounts_are_untouched(shop: Shop) -> None:
    """Only the account whose mailbox was proven is concerned."""
    shop.open_account()
    other = shop.open_account("bert@mail.example")
    _link_identity(shop, other.account_id, "google")
    assert _reset(shop).detail("identities") == ""
    assert _approved(shop) == {"google": True}


def test_the_link_of_the_mail_approves(shop: Shop) -> None:
    """PH3: the owner of the mailbox says that it was them, and both sign-ins work again."""
    opened = shop.open_account()
    _link_identity(shop, opened.account_id, "google")
    _link_identity(shop, opened.account_id, "facebook")
    token = shop.link(_reset(shop))
    approved = shop.require(ApproveIdentities(token=token), by=shop.visitor())
    assert approved == IdentitiesApproved(opened.account_id, ("google", "facebook"))
    assert _approved(shop) == {"google": True, "facebook": True}
    assert [one.detail for one in shop.events(EventKind.IDENTITIES_APPROVED)] == ["google, facebook"]
    assert shop.handle(ApproveIdentities(token=token), by=shop.visitor()) == Refused(Reason.ALREADY_DONE)


def test_a_second_reset_offers_the_approval_again(shop: Shop) -> None:
    """PH3: what still waits can be approved from the newest mail only."""
    opened = shop.open_account()
    _link_identity(shop, opened.account_id, "google")
    first = shop.link(_reset(shop))
    shop.clock.forward(days=40)
    second = shop.link(_reset(shop, password="three quiet storks"))
    assert shop.handle(ApproveIdentities(token=first), by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    shop.require(ApproveIdentities(token=second), by=shop.visitor())
    assert _approved(shop) == {"google": True}


def test_a_change_of_the_password_kills_the_link(shop: Shop) -> None:
    """TK-06: an approval that waited longer than the password dies with it."""
    opened = shop.open_account()
    _link_identity(shop, opened.account_id, "google")
    token = shop.link(_reset(shop))
    account = shop.account(opened.account_id)
    session = shop.customer(opened.session).__class__(account.id, account.session_epoch)
    change = ChangePassword(current_password=NEW, new_password="three quiet storks")
    shop.require(change, by=session)
    assert shop.handle(ApproveIdentities(token=token), by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    assert _approved(shop) == {"google": False}


@pytest.mark.parametrize("copies", [1, 2])
def test_using_one_link_uses_its_siblings(shop: Shop, copies: int) -> None:
    """TK-06: no second link of the same kind stays open."""
    opened = shop.open_account()
    _link_identity(shop, opened.account_id, "google")
    token = shop.link(_reset(shop))
    stored = next(one for one in shop.stored(TokenRecord) if shop.text_of(one) == token)
    sibling = type(stored)(
        digest="sibling",
        token_id="00",
        key_id="1",
        purpose=stored.purpose,
        email=stored.email,
        email_key=stored.email_key,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        account_id=stored.account_id if copies == 1 else UUID(int=1),
    )
    shop.storage.write([insert(sibling)])
    shop.require(ApproveIdentities(token=token), by=shop.visitor())
    left = next(one for one in shop.stored(TokenRecord) if one.digest == "sibling")
    assert (left.used_at is not None) == (copies == 1)
