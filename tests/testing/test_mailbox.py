"""The mail server for tests, and what reads its mails."""

import smtplib
from email.message import EmailMessage

import pytest
from attrs import evolve

from customer_accounts.adapters.smtp import SmtpMailer
from customer_accounts.mail import compose
from customer_accounts.outbox import MailPurpose
from customer_accounts.settings import LINK_OF
from customer_accounts.testing.mailbox import Fault, Mailbox, code_in, link_in, text_of, token_in
from customer_accounts.token import Purpose, link_text, short_code
from tests.mail.samples import NOW, SECRET, SETTINGS, SHOP, TO, in_language, usual


def mail(purpose: MailPurpose) -> EmailMessage:
    """Compose a mail."""
    message = compose(in_language(usual(purpose), "en"), SETTINGS, NOW)
    assert isinstance(message, EmailMessage)
    return message


def test_mails_are_kept_by_recipient() -> None:
    """The newest mail to an address is found by the address of the envelope, and nobody else's."""
    with Mailbox() as mailbox:
        mailer = SmtpMailer(mailbox.host, mailbox.port)
        mailer.send(mail(MailPurpose.NO_ACCOUNT))
        mailer.send(mail(MailPurpose.ACCOUNT_CLOSED))
        assert [one["Subject"] for one in mailbox.to(TO)] == [one["Subject"] for one in mailbox.messages]
        assert mailbox.last(TO)["Subject"] == "Your account at Demo Shop is closed"
        assert mailbox.to("bert@mail.example") == []
        assert len(mailbox.raw) == 2
        with pytest.raises(LookupError, match="no mail to bert"):
            mailbox.last("bert@mail.example")
        mailbox.clear()
        assert mailbox.messages == []


def test_two_servers_do_not_meet() -> None:
    """Each server has a port of its own, and is gone when its block ends."""
    with Mailbox() as one, Mailbox() as other:
        assert one.port != other.port
        SmtpMailer(one.host, one.port).send(mail(MailPurpose.NO_ACCOUNT))
        assert (len(one.messages), len(other.messages)) == (1, 0)
        port = one.port
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP("127.0.0.1", port)


def test_server_ends_while_a_client_talks() -> None:
    """A client that is still there does not keep the server from ending."""
    with Mailbox() as mailbox:
        client = smtplib.SMTP(mailbox.host, mailbox.port)
        client.ehlo("client.example")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()


def test_fault_ends_with_its_block() -> None:
    """A server works again after it was told to fail, also when the test's block failed."""
    mailbox = Mailbox()
    seen = []

    def fail() -> None:
        with mailbox.failing(Fault.HANG):
            seen.append(mailbox.fault)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert seen == [Fault.HANG]
    assert mailbox.fault is None


@pytest.mark.parametrize(
    ("purpose", "link"),
    [
        (MailPurpose.CONFIRM_REGISTRATION, Purpose.CONFIRM_REGISTRATION),
        (MailPurpose.RESET_PASSWORD, Purpose.RESET_PASSWORD),
        (MailPurpose.SET_PASSWORD, Purpose.SET_PASSWORD),
        (MailPurpose.CONFIRM_EMAIL_CHANGE, Purpose.CONFIRM_EMAIL_CHANGE),
        (MailPurpose.EMAIL_CHANGE_REQUESTED, Purpose.CANCEL_EMAIL_CHANGE),
        (MailPurpose.PASSWORD_CHANGED, Purpose.APPROVE_IDENTITIES),
        (MailPurpose.CONFIRM_NEWSLETTER, Purpose.CONFIRM_NEWSLETTER),
        (MailPurpose.NEWSLETTER_WELCOME, Purpose.UNSUBSCRIBE),
        (MailPurpose.TRACKING, Purpose.VIEW_ORDER),
    ],
)
def test_links_are_found_by_name(purpose: MailPurpose, link: Purpose) -> None:
    """Each one-time link is found by the name of its page, and its text alone too."""
    text = link_text(SECRET, link, "00" * 16)
    name = LINK_OF[link]
    assert link_in(mail(purpose), name) == link_in(mail(purpose), name, SHOP) == SHOP.url(name, text)
    assert token_in(mail(purpose), name) == token_in(mail(purpose), name, SHOP) == text


def test_pages_are_found_by_name() -> None:
    """A page without a token is found too, and is not taken for another that begins alike."""
    message = mail(MailPurpose.ALREADY_REGISTERED)
    assert link_in(message, "sign_in") == "https://shop.example/account/sign-in"
    assert link_in(message, "forgotten", SHOP) == "https://shop.example/account/forgotten"
    with pytest.raises(LookupError, match="no link 'account'"):
        link_in(message, "account")


def test_own_patterns_of_a_storefront() -> None:
    """A host with other paths names its storefront."""
    shop = evolve(SHOP, base_url="https://shop.example/fr/", links={"reset": "/compte/{token}/nouveau"})
    message = compose(usual(MailPurpose.RESET_PASSWORD), evolve(SETTINGS, storefront=shop), NOW)
    assert isinstance(message, EmailMessage)
    text = link_text(SECRET, Purpose.RESET_PASSWORD, "00" * 16)
    assert link_in(message, "reset", shop) == f"https://shop.example/fr/compte/{text}/nouveau"
    assert token_in(message, "reset", shop) == text
    with pytest.raises(LookupError):
        link_in(message, "reset")


def test_code_is_found() -> None:
    """The short code is found as it is printed; a mail without one says so."""
    code = code_in(mail(MailPurpose.CONFIRM_REGISTRATION))
    assert code.replace("-", "") == short_code(SECRET, "00" * 16)
    with pytest.raises(LookupError, match="no code"):
        code_in(mail(MailPurpose.RESET_PASSWORD))


def test_mail_without_text() -> None:
    """A mail that has no text part says so."""
    message = EmailMessage()
    message.set_content("<p>Hello", subtype="html")
    with pytest.raises(LookupError, match="no text part"):
        text_of(message)
