"""An address as it is typed: read or refused, its key, and what is counted when somebody gives one."""

from customer_accounts.actors import SignedInCustomer, Visitor, network_of
from customer_accounts.command import Refusal, refuse
from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.limiting import Hit, Limit, hits, seen_from
from customer_accounts.refusals import Reason


def read_email(typed: str) -> EmailAddress | Refusal:
    """Read an address as typed, or refuse it with the likely correction (F06; EM-02)."""
    try:
        return EmailAddress.parse(typed)
    except EmailAddressError as error:
        return refuse(
            Reason.EMAIL_INVALID, suggestion=error.suggestion, about="email", detail=str(error.reason.value)
        )


def email_key_of(typed: str) -> str:
    """Give the key for counting and reading; an unreadable address has a key that nobody owns."""
    try:
        return EmailAddress.parse(typed).key
    except EmailAddressError:
        return ""


def registering(typed: str, actor: Visitor) -> tuple[Hit, ...]:
    """Give the counts of a try to register an address."""
    key, network = email_key_of(typed) or None, network_of(actor.ip)
    return hits(
        (Limit.REGISTER_NETWORK, network),
        (Limit.REGISTER_ADDRESS, seen_from(key, network)),
        (Limit.REGISTER_ADDRESS_EVERYWHERE, key),
    )


def mailing(typed: str, actor: Visitor | SignedInCustomer) -> tuple[Hit, ...]:
    """Give the counts of a mail that anybody can cause to an address."""
    key, network = email_key_of(typed) or None, network_of(actor.ip)
    return hits(
        (Limit.MAIL_NETWORK, network),
        (Limit.MAIL_ADDRESS, seen_from(key, network)),
        (Limit.MAIL_ADDRESS_EVERYWHERE, key),
    )
