"""Refusals are values: a stable reason, a text in the customer's language, an HTTP hint.  Three separate things.

Reasons are part of the public interface: they are added to, never renamed.  Texts are in ``texts/refusals.toml``,
one for each reason.  Exceptions are left for faults of the host or of the program (`errors`).
"""

from datetime import timedelta
from enum import StrEnum

from attrs import frozen

from customer_accounts.wording import wording


class Reason(StrEnum):
    """Why something was refused."""

    NOT_ALLOWED = "not_allowed"
    SESSION_ENDED = "session_ended"
    REAUTHENTICATE = "reauthenticate"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    BUSY = "busy"
    UNKNOWN_STOREFRONT = "unknown_storefront"
    BROWSER_REQUIRED = "browser_required"
    EMAIL_INVALID = "email_invalid"
    PASSWORD_EMPTY = "password_empty"
    PASSWORD_TOO_SHORT = "password_too_short"
    PASSWORD_TOO_LONG = "password_too_long"
    PASSWORD_TOO_COMMON = "password_too_common"
    PASSWORD_CONTAINS_CONTEXT = "password_contains_context"
    PASSWORD_MALFORMED = "password_malformed"
    PASSWORD_BREACHED = "password_breached"
    PASSWORD_REQUIRED = "password_required"
    PASSWORD_WRONG = "password_wrong"
    PASSWORD_SAME = "password_same"
    SIGN_IN_FAILED = "sign_in_failed"
    LINK_INVALID = "link_invalid"
    LINK_EXPIRED = "link_expired"
    CODE_WRONG = "code_wrong"
    ALREADY_DONE = "already_done"
    NOTHING_WAITING = "nothing_waiting"
    SAME_ADDRESS = "same_address"
    LAST_WAY_IN = "last_way_in"
    IDENTITY_IN_USE = "identity_in_use"
    IDENTITY_UNKNOWN = "identity_unknown"
    IDENTITY_NOT_APPROVED = "identity_not_approved"
    IDENTITY_ADDRESS_MISSING = "identity_address_missing"
    IDENTITY_STALE = "identity_stale"
    SIGN_IN_TO_LINK = "sign_in_to_link"
    NOT_FOUND = "not_found"
    ADDRESS_INVALID = "address_invalid"
    LIMIT_REACHED = "limit_reached"
    DEFAULT_WISH_LIST = "default_wish_list"
    ACCOUNT_NEEDED = "account_needed"
    ORDER_CONFLICT = "order_conflict"
    TOO_LATE = "too_late"
    ORDER_STATUS_BACKWARDS = "order_status_backwards"
    VAT_AMOUNTS_MISSING = "vat_amounts_missing"
    VAT_AMOUNTS_UNEXPLAINED = "vat_amounts_unexplained"
    VAT_NOT_CORRECTABLE = "vat_not_correctable"
    EVIDENCE_OF_OTHER_DAY = "evidence_of_other_day"
    RESELLER_PRICING = "reseller_pricing"
    PERMISSION_MISSING = "permission_missing"
    SECOND_AGENT_NEEDED = "second_agent_needed"
    PROPOSAL_DIFFERS = "proposal_differs"
    EVIDENCE_NEEDED = "evidence_needed"
    REQUEST_CLOSED = "request_closed"
    ALREADY_SHIPPED = "already_shipped"
    NOTHING_SHIPPED = "nothing_shipped"
    ORDER_OWNED = "order_owned"
    ADDRESS_TAKEN = "address_taken"
    REASON_NEEDED = "reason_needed"
    ORDER_DISPUTED = "order_disputed"


#: What a web layer may answer; where a reason is missing here, 422.
HTTP_STATUS = {
    Reason.NOT_ALLOWED: 403,
    Reason.SESSION_ENDED: 401,
    Reason.REAUTHENTICATE: 401,
    Reason.TOO_MANY_ATTEMPTS: 429,
    Reason.BUSY: 503,
    Reason.SIGN_IN_FAILED: 401,
    Reason.LINK_INVALID: 404,
    Reason.LINK_EXPIRED: 410,
    Reason.ALREADY_DONE: 409,
    Reason.NOTHING_WAITING: 404,
    Reason.LAST_WAY_IN: 409,
    Reason.IDENTITY_IN_USE: 409,
    Reason.IDENTITY_UNKNOWN: 404,
    Reason.IDENTITY_NOT_APPROVED: 403,
    Reason.IDENTITY_STALE: 401,
    Reason.SIGN_IN_TO_LINK: 401,
    Reason.NOT_FOUND: 404,
    Reason.LIMIT_REACHED: 409,
    Reason.DEFAULT_WISH_LIST: 409,
    Reason.ACCOUNT_NEEDED: 403,
    Reason.ORDER_CONFLICT: 409,
    Reason.TOO_LATE: 410,
    Reason.ORDER_STATUS_BACKWARDS: 409,
    Reason.VAT_NOT_CORRECTABLE: 409,
    Reason.RESELLER_PRICING: 403,
    Reason.PERMISSION_MISSING: 403,
    Reason.SECOND_AGENT_NEEDED: 409,
    Reason.PROPOSAL_DIFFERS: 409,
    Reason.REQUEST_CLOSED: 409,
    Reason.ALREADY_SHIPPED: 409,
    Reason.NOTHING_SHIPPED: 409,
    Reason.ORDER_OWNED: 409,
    Reason.ADDRESS_TAKEN: 409,
    Reason.ORDER_DISPUTED: 409,
}


@frozen
class Refused:
    """What somebody gets instead of the result they asked for.

    Args:
        reason: the stable reason.
        suggestion: a likely correction, such as the address that was probably meant.
        field: the field that the reason is about, if it is about one.
        detail: a finer reason of the same kind, such as ``postcode_format``.
        retry_after: how long to wait before trying again.
        values: what the placeholders in the text stand for; never anything secret.
        told: file and name of a text that says more than the reason's own, such as which field is missing.
    """

    reason: Reason
    suggestion: str | None = None
    field: str | None = None
    detail: str | None = None
    retry_after: timedelta | None = None
    values: tuple[tuple[str, str], ...] = ()
    told: tuple[str, str] | None = None

    @property
    def http_status(self) -> int:
        """The HTTP status that a web layer may answer with (RFC 9110)."""
        return HTTP_STATUS.get(self.reason, 422)

    def text(self, locale: str) -> str:
        """Give the text for the customer in the language of *locale*."""
        feature, name = self.told or ("refusals", self.reason)
        return wording(feature, name, locale, **dict(self.values))
