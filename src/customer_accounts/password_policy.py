"""What a password must satisfy, and what is said about one that does not.

Two profiles: `SHOP` asks for 8 code points, `STRICT` for 15, where the password is the only factor.
Everything else is the same in both: no composition rules, all of Unicode with spaces and NUL, at most 1,024
bytes, nothing that a guesser tries first, nothing that is mostly the customer's or the shop's name.
One policy serves every place where a password is set.

NFC is the only normalisation: the composed and the decomposed spelling of an accent are the same password
(NIST SP 800-63B-4).

A context word counts for nothing: what is left of the password without it must satisfy
the policy by itself.  So the shop's name may stand in a long phrase, but ``DemoShop2024!`` is refused.
Words below three code points are no context words.

The breach check fails open: an outage of that service refuses no password, since the rules here still hold
(PW-08).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum

from attrs import field, frozen

from customer_accounts.common_passwords import fold, is_common, readings
from customer_accounts.wording import wording

#: No profile goes below: NIST SP 800-63B-4 3.1.1.2, OWASP ASVS 5.0 6.2.1.
FLOOR = 8
#: Far above any phrase, far below what makes hashing costly (OWASP; CVE-2021-45115).
MAXIMUM_BYTES = 1_024
# A text of n bytes in NFC has at most 1.5 n code points when decomposed, so what is longer than this is
# over the limit in every spelling and is not even normalised.
_MAXIMUM_CODE_POINTS = 2 * MAXIMUM_BYTES
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTEXT_WORD = re.compile(r"[^\W\d_]{3,}|\d{3,}")


class PasswordFault(StrEnum):
    """Why a password is refused; stable codes."""

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_COMMON = "too_common"
    CONTAINS_CONTEXT = "contains_context"
    MALFORMED = "malformed"
    BREACHED = "breached"


class BreachCheck(Enum):
    """What a register of breached passwords answered."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"


@frozen
class PasswordProblem:
    """What is wrong with a password; holds nothing of the password itself.

    Args:
        code: the stable code.
        minimum: the least number of code points that the policy asks for.
    """

    code: PasswordFault
    minimum: int = FLOOR

    def text(self, locale: str) -> str:
        """Return the reason, for the customer, in the language of *locale* (PW-09)."""
        return wording("password_policy", self.code, locale, minimum=self.minimum)

    def advice(self, locale: str) -> str:
        """Return what to do instead, for the customer, in the language of *locale* (PW-09)."""
        return wording("password_policy", f"{self.code}_advice", locale)


def _not_below_floor(_policy: object, _attribute: object, minimum: int) -> None:
    if minimum < FLOOR:
        raise ValueError(f"minimum must be at least {FLOOR}")


@frozen
class PasswordPolicy:
    """A named profile.

    Args:
        name: how the docs call it.
        minimum: the least number of code points, counted after NFC.

    Raises:
        ValueError: a minimum below the floor of 8 (PW-01).
    """

    name: str
    minimum: int = field(validator=_not_below_floor)

    def problem(
        self, password: str, context: Iterable[str] = (), *, breach: BreachCheck | None = None
    ) -> PasswordProblem | None:
        """Return what is wrong with *password*, or None.

        Args:
            password: as typed; never trimmed, cut or changed in case (PW-02).
            context: the shop's name, the e-mail address, the customer's name; whole, they are split here
                (PW-07).
            breach: what the register of breached passwords answered, if it was asked.
        """
        fault = unhashable(password) or self._weakness(prepare(password), context)
        if fault is None and breach is BreachCheck.FOUND:
            fault = PasswordFault.BREACHED
        return None if fault is None else PasswordProblem(fault, self.minimum)

    def _weakness(self, prepared: str, context: Iterable[str]) -> PasswordFault | None:
        if len(prepared) < self.minimum:
            return PasswordFault.TOO_SHORT
        for rest in _without(prepared, context):
            if len(rest) < self.minimum or is_common(rest):
                return PasswordFault.CONTAINS_CONTEXT
        return PasswordFault.TOO_COMMON if is_common(prepared) else None


#: The default: a shop with rate limits and a mailbox behind every account.
SHOP = PasswordPolicy("shop", 8)
#: The password is the only factor and guards more than orders (NIST SP 800-63B-4 3.1.1.2).
STRICT = PasswordPolicy("strict", 15)


def prepare(password: str) -> str:
    """Return *password* in NFC, as it is counted and hashed; what is far too long comes back as it is."""
    if password.isascii() or len(password) > _MAXIMUM_CODE_POINTS:
        return password
    return unicodedata.normalize("NFC", password)


def unhashable(password: str) -> PasswordFault | None:
    """Return why *password* may reach no hasher, whatever the policy: empty, too long (PW-03), malformed."""
    if not password:
        return PasswordFault.EMPTY
    if len(password) > _MAXIMUM_CODE_POINTS:
        return PasswordFault.TOO_LONG
    if password.isascii():
        return PasswordFault.TOO_LONG if len(password) > MAXIMUM_BYTES else None
    if _SURROGATE.search(password):
        return PasswordFault.MALFORMED
    return PasswordFault.TOO_LONG if len(prepare(password).encode()) > MAXIMUM_BYTES else None


def _without(prepared: str, context: Iterable[str]) -> Iterator[str]:
    """Yield what is left of a password without the context words, for each reading in which one occurs."""
    words = sorted(set(_CONTEXT_WORD.findall(fold(" ".join(context)))), key=len, reverse=True)
    for reading in readings(fold(prepared)):
        rest = reading
        for word in words:
            rest = rest.replace(word, "")
        if rest != reading:
            yield rest
