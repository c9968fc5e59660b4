"""E-mail addresses: one value, made in one way, with one key.

Rules:

- `EmailAddress` is the only way from a typed text to an address, at every entry (requirement EM-02).
- `key` is the local part in lower case (only its ASCII letters, or all of it, composed by NFC, if it is not
  ASCII) + "@" + the IDNA 2008 A-label of the domain. It is unique in the storage. Never NFKC, never a case
  fold: distinct mailboxes never share a key (EM-04; CVE-2019-19844).
- A mail goes to the `address` of the record that the storage holds, never to what somebody types (EM-05).
- `original` keeps the spelling for display (EM-07).
- Nothing here asks the network whether an address exists (EM-09); only the proof of the mailbox answers that.

What is refused as not being one mailbox is decided in `email_syntax`; the likely meant address (EM-10) is
found in `email_suggestion`.
"""

from functools import lru_cache
from typing import Any, Self

import attrs

from customer_accounts.email_suggestion import suggest_correction
from customer_accounts.email_syntax import LONGEST_TYPED, TRIMMED, EmailFault, Mailbox, read_mailbox

__all__ = ["EmailAddress", "EmailAddressError", "EmailFault", "suggest_correction"]

_MESSAGES = {
    EmailFault.NOT_TEXT: "an e-mail address is a text",
    EmailFault.EMPTY: "the e-mail address is empty",
    EmailFault.TOO_LONG: "the e-mail address is longer than 254 octets",
    EmailFault.FORBIDDEN_CHARACTER: "the e-mail address holds a character that none may hold",
    EmailFault.NO_AT_SIGN: "the e-mail address has no at-sign",
    EmailFault.SEVERAL_AT_SIGNS: "the e-mail address has more than one at-sign",
    EmailFault.LOCAL_PART_TOO_LONG: "the part before the at-sign is longer than 64 octets",
    EmailFault.LOCAL_PART: "the part before the at-sign is not valid",
    EmailFault.DOMAIN: "the part after the at-sign is not valid",
}


class EmailAddressError(ValueError):
    """A text is not one e-mail address; the message never repeats the text.

    Args:
        reason: The stable code of what is wrong.
        suggestion: The likely meant address, or None.
    """

    def __init__(self, reason: EmailFault, suggestion: str | None = None) -> None:
        super().__init__(_MESSAGES[reason])
        self.reason = reason
        self.suggestion = suggestion

    def __reduce__(self) -> tuple[type[Self], tuple[EmailFault, str | None]]:
        """Copy and pickle by the two arguments, which the message alone does not carry."""
        return type(self), (self.reason, self.suggestion)


def _trimmed(typed: str) -> str:
    return typed.strip(TRIMMED) if isinstance(typed, str) else typed


def _mailbox_of(address: "EmailAddress") -> Mailbox:
    found = read_mailbox(address.original)
    if isinstance(found, Mailbox):
        return found
    raise EmailAddressError(found, suggest_correction(address.original))


# A command reads its address several times: to count tries, to find the account, to decide.
@lru_cache(maxsize=1024)
def _parsed(cls: Any, text: str) -> Any:
    return cls(text)


@attrs.frozen(repr=False)
class EmailAddress:
    """One mailbox, as typed and in its normal form.

    Its `repr` and `str` are masked, so that an address never gets into a log by accident (requirement LG-02).

    Args:
        original: What was typed; blanks around it are taken away.

    Raises:
        EmailAddressError: The text is not one mailbox.
    """

    original: str = attrs.field(converter=_trimmed)
    _mailbox: Mailbox = attrs.field(init=False, eq=False, default=attrs.Factory(_mailbox_of, takes_self=True))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one address from what somebody typed.

        >>> EmailAddress.parse(" Anna@Bücher.de ").key
        'anna@xn--bcher-kva.de'

        Args:
            text: At most 320 characters are looked at; a longer text is refused at once.

        Raises:
            EmailAddressError: The text is not one mailbox.
        """
        if not isinstance(text, str) or len(text) > LONGEST_TYPED:
            return cls(text)
        kept: Any = cls  # that a class can be hashed is not known to mypy
        made: Self = _parsed(kept, text)
        return made

    @property
    def address(self) -> str:
        """What mail is sent to: the local part as typed, composed (NFC), and the domain in A-label form."""
        return self._mailbox.address

    @property
    def key(self) -> str:
        """What is the same for two spellings of one mailbox, and for no two mailboxes."""
        return self._mailbox.key

    @property
    def masked(self) -> str:
        """Give a form fit for logs and for an agent's screen, as `a***@gmail.com`."""
        return f"{self._mailbox.local_part[0]}***@{self._mailbox.domain}"

    def __repr__(self) -> str:
        """Show the masked form only."""
        return f"EmailAddress({self.masked!r})"
