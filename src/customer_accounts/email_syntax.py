"""The one place that decides whether a typed text is one mailbox, and which.

Rules:

- One text is one mailbox (requirement EM-01). What a mail header could read as two addresses, a name, a line
  break, a comment or an encoded word is refused, and so is what a relay could read as a route (`%`, `!`).
- The bounds come first and the costly work last, so a text of a megabyte costs no more than a short one.
- Nothing here asks a name server (EM-09). `email_validator` judges the grammar and turns the domain into its
  IDNA 2008 form; our own, stricter refusals stand before it.
- The local part is composed (NFC), never made compatible (NFKC) and never case-folded: ß stays apart from ss,
  a long s from s, the ligature ﬁ from fi, and a full-width letter from its ASCII one (EM-04). A character
  that composing would turn into an ASCII one, as the Kelvin sign, is refused. A domain with compatibility
  characters is refused, because IDNA would map it onto another domain.

What lives here: the grammar and the normal forms. What a customer is told, and the value that the rest of the
library passes on, live in `email_address`.
"""

import enum
import re
import unicodedata
from functools import lru_cache

import attrs
from email_validator import EmailNotValidError, validate_email

LONGEST_TYPED = 320
"""Characters looked at: 64 + 1 + 255 octets (RFC 5321 4.5.3.1), so no text that could pass is cut off."""

LONGEST_LOCAL_PART = 64
"""Octets before the "@" (RFC 5321 4.5.3.1.1)."""

LONGEST_ADDRESS = 254
"""Octets in all (RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets)."""

TRIMMED = " \t\u00a0\u202f\u3000"
"""Blanks that a keyboard or a paste leaves around an address. A line break is none of them: it is refused."""

INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Characters without a picture whose category is not C or Z (Unicode Default_Ignorable_Code_Point, and the
empty braille pattern)."""

_ASCII_PRINTABLE = re.compile(r"[!-~]*\Z")
_REFUSED_ASCII = re.compile(r"[\"\\<>()\[\],;:%!]|=\?|\?=")


class EmailFault(enum.StrEnum):
    """Why a text is not one e-mail address."""

    NOT_TEXT = "not_text"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    FORBIDDEN_CHARACTER = "forbidden_character"
    NO_AT_SIGN = "no_at_sign"
    SEVERAL_AT_SIGNS = "several_at_signs"
    LOCAL_PART_TOO_LONG = "local_part_too_long"
    LOCAL_PART = "local_part"
    DOMAIN = "domain"


def _key_of(mailbox: "Mailbox") -> str:
    return f"{_lowered(mailbox.local_part)}@{mailbox.domain}"


@attrs.frozen(repr=False)
class Mailbox:
    """A mailbox in its normal form.

    Args:
        local_part: As typed, composed (NFC).
        domain: In IDNA 2008 A-label form, lower case.
    """

    local_part: str
    domain: str
    key: str = attrs.field(init=False, eq=False, default=attrs.Factory(_key_of, takes_self=True))
    """What is the same for two spellings of one mailbox, and for no two mailboxes."""

    @property
    def address(self) -> str:
        """What a mail is sent to."""
        return f"{self.local_part}@{self.domain}"


#: Nobody is of another opinion about the local part of such an address, however long it is.
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9.-]+")


def read_mailbox(typed: object) -> Mailbox | EmailFault:
    """Read one mailbox, or say why the text is none.

    Args:
        typed: What somebody typed; blanks around it do not count.
    """
    if not isinstance(typed, str):
        return EmailFault.NOT_TEXT
    if len(typed) > LONGEST_TYPED:
        return EmailFault.TOO_LONG
    return _read(typed.strip(TRIMMED))


def _read(text: str) -> Mailbox | EmailFault:
    plain = _PLAIN.fullmatch(text) is not None
    fault = None if plain else _fault_at_sight(text)
    if fault is not None:
        return fault
    local_part, _, domain = text.partition("@")
    return _fault_of_parts(local_part, domain) or _read_parts(local_part, domain, plain=plain)


def _lowered(local_part: str) -> str:
    # `str.lower` on ASCII touches A to Z only; any other text is composed before and after.
    if local_part.isascii():
        return local_part.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", local_part).lower())


def _fault_at_sight(text: str) -> EmailFault | None:
    if not text:
        return EmailFault.EMPTY
    if _has_forbidden_character(text):
        return EmailFault.FORBIDDEN_CHARACTER
    if "@" not in text:
        return EmailFault.NO_AT_SIGN
    return EmailFault.SEVERAL_AT_SIGNS if text.count("@") > 1 else None


def _has_forbidden_character(text: str) -> bool:
    if _REFUSED_ASCII.search(text):
        return True
    return not _ASCII_PRINTABLE.match(text) and any(map(_is_forbidden, text))


def _is_forbidden(character: str) -> bool:
    """Say whether a character is a control, a blank, invisible, or becomes an ASCII one when composed."""
    if unicodedata.category(character)[0] in "CZ" or character in INVISIBLE:
        return True
    return not character.isascii() and unicodedata.normalize("NFC", character).isascii()


def _fault_of_parts(local_part: str, domain: str) -> EmailFault | None:
    if _octets(local_part) > LONGEST_LOCAL_PART:
        return EmailFault.LOCAL_PART_TOO_LONG
    if not local_part:
        return EmailFault.LOCAL_PART
    strange = not domain.isascii() and any(map(_is_compatibility_character, domain))
    return EmailFault.DOMAIN if not domain or strange else None


def _octets(local_part: str) -> int:
    if local_part.isascii():
        return len(local_part)
    # Composing and lower-casing can both lengthen a text in UTF-8; the key must be an address too.
    return max(len(local_part.encode()), len(_lowered(local_part).encode()))


def _is_compatibility_character(character: str) -> bool:
    return unicodedata.normalize("NFKC", character) != unicodedata.normalize("NFC", character)


def _read_parts(local_part: str, domain: str, *, plain: bool) -> Mailbox | EmailFault:
    composed = unicodedata.normalize("NFC", local_part)
    ascii_domain = _domain_alone(domain) if plain else _ascii_domain(f"{composed}@{domain}")
    if ascii_domain is None:
        return _fault_of_side(composed, domain)
    mailbox = Mailbox(composed, ascii_domain)
    return EmailFault.TOO_LONG if len(mailbox.key.encode()) > LONGEST_ADDRESS else mailbox


# Most customers have their addresses at a few providers.
@lru_cache(maxsize=1024)
def _domain_alone(domain: str) -> str | None:
    return _ascii_domain(f"x@{domain}")


def _ascii_domain(address: str) -> str | None:
    try:
        return validate_email(address, check_deliverability=False).ascii_domain
    except EmailNotValidError:
        return None


def _fault_of_side(local_part: str, domain: str) -> EmailFault:
    if _ascii_domain(f"x@{domain}") is None:
        return EmailFault.DOMAIN
    return EmailFault.LOCAL_PART if _ascii_domain(f"{local_part}@x.example") is None else EmailFault.TOO_LONG
