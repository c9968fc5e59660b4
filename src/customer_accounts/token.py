"""One-time links and short codes.

Rules (truth 5, TK-01 to TK-09):

* A link's text is HMAC-SHA256 of (purpose, random 128-bit id) under a secret of the settings.  It is never stored:
  the mail worker computes it again, the storage holds the id and a digest of the text.
* A token is bound to its purpose, to an account or a registration, and to the address it was mailed to.
* It is used once, by one conditional update; at most `LIVE_TOKENS` live at a time for one purpose and holder.
* The short code of a registration mail comes from the same id; it works in the registering tab only.
"""

import base64
import hmac
import re
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from attrs import field, frozen

from customer_accounts.keyed_hash import keyed_hash

#: Several, because a slow first mail must still work after a resend (TK-06).
LIVE_TOKENS = 3

_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Purpose(StrEnum):
    """What a link is for; a link for one purpose never works for another (TK-03)."""

    CONFIRM_REGISTRATION = "confirm_registration"
    RESET_PASSWORD = "reset_password"
    SET_PASSWORD = "set_password"
    CONFIRM_EMAIL_CHANGE = "confirm_email_change"
    CANCEL_EMAIL_CHANGE = "cancel_email_change"
    APPROVE_IDENTITIES = "approve_identities"
    CONFIRM_NEWSLETTER = "confirm_newsletter"
    UNSUBSCRIBE = "unsubscribe"
    VIEW_ORDER = "view_order"
    UNDO_CLAIM = "undo_claim"
    CONFIRM_MERGE = "confirm_merge"
    UNDO_MERGE = "undo_merge"


@frozen(kw_only=True)
class TokenRecord:
    """What is stored of a link: enough to make it again with the secret, useless without.

    Args:
        digest: SHA-256 of the link's text, the key under which it is found.
        token_id: 128 random bits as hex, the input of the HMAC.
        key_id: which secret of the settings made it.
        email: the stored address that it was mailed to (TK-03).
        order_reference: the order that a `VIEW_ORDER` link shows.
        claim_id: the claim that an `UNDO_CLAIM` or `UNDO_MERGE` link undoes.
        browser: digest of the secret of the browser that asked for it, where only that one may use it unasked.
        used_at: when it was used or made worthless by the use of a sibling, UTC.
    """

    digest: str
    token_id: str = field(repr=False)
    key_id: str
    purpose: Purpose
    email: str = field(repr=False)
    email_key: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    account_id: UUID | None = None
    registration_id: UUID | None = None
    order_reference: str | None = None
    claim_id: UUID | None = None
    browser: str | None = field(default=None, repr=False)
    used_at: datetime | None = None
    version: int = 1

    def is_live(self, now: datetime) -> bool:
        """Whether it can still be used; valid up to and including the second of its expiry (TK-04)."""
        return self.used_at is None and now <= self.expires_at


def link_text(secret: bytes, purpose: Purpose, token_id: str) -> str:
    """Compute the text of a link: 256 bits, URL-safe, 43 characters."""
    mac = keyed_hash(secret, f"link\x00{purpose}\x00{token_id}")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def short_code(secret: bytes, token_id: str) -> str:
    """Compute the short code that belongs to a link: 8 characters of base32, 40 bits (TK-09)."""
    mac = keyed_hash(secret, f"code\x00{token_id}")
    return base64.b32encode(mac[:5]).decode()


def same_code(expected: str, typed: str) -> bool:
    """Compare a code as typed, in constant time; blanks, hyphens and case do not matter."""
    cleaned = re.sub(r"[\s-]", "", typed).upper()
    return hmac.compare_digest(expected.encode(), cleaned.encode("utf-8", "replace"))


def link_digest(text: str) -> str | None:
    """Give the digest under which a link is found, or None for what cannot be one (TK-08)."""
    return sha256(text.encode()).hexdigest() if _SHAPE.match(text) else None
