"""A customer asks to merge another account of their own."""

from pydantic import SecretStr

from customer_accounts.features.merge_request import MergeRequested, RequestMerge
from customer_accounts.features.registration import Register
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.merging import ANNA, BERT, Signed
from tests.shop import PASSWORD


def test_the_other_mailbox_gets_the_link() -> None:
    """EM-05: to the stored address, in its account's language, with the asking address masked."""
    two = Signed()
    (mail,) = two.shop.mails(MailPurpose.CONFIRM_MERGE)
    assert (mail.to, mail.account_id, mail.detail("new_address")) == (
        BERT, two.bert.account_id, "a***@mail.example",
    )  # fmt: skip
    (event,) = two.shop.events(EventKind.MERGE_REQUESTED)
    assert event.email == "a***@post.example"


def test_the_answer_is_the_same_for_every_address() -> None:
    """EN-01, EN-07: an unknown address, one that waits and a known one look alike."""
    two = Signed()
    two.shop.require(Register(email="wait@mail.example", password=PASSWORD), by=two.shop.visitor())
    for email in ("nobody@mail.example", "wait@mail.example"):
        asked = RequestMerge(email=email, current_password=SecretStr(PASSWORD))
        answer = two.shop.require(asked, by=two.customer)
        assert answer == MergeRequested(email, None, two.answer.advice)
    assert len(two.shop.mails(MailPurpose.CONFIRM_MERGE)) == 1


def test_wants_the_password() -> None:
    """PW-10: a session that somebody left open merges nothing."""
    two = Signed()
    for password in (None, SecretStr("wrong")):
        refused = two.shop.handle(RequestMerge(email=BERT, current_password=password), by=two.customer)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.PASSWORD_WRONG


def test_the_own_address_and_an_unreadable_one() -> None:
    """F06: refused, with the correction where there is one."""
    two = Signed()
    own = RequestMerge(email=ANNA, current_password=SecretStr(PASSWORD))
    assert two.shop.handle(own, by=two.customer) == Refused(Reason.SAME_ADDRESS, field="email")
    bad = two.shop.handle(RequestMerge(email="a@gmail,com"), by=two.customer)
    assert isinstance(bad, Refused)
    assert bad.reason is Reason.EMAIL_INVALID
