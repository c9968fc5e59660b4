"""What is known about a customer's VAT number.

Rule: "could not check" is a state of its own.  An outage of the register, an unknown code or an unreadable
answer is UNVERIFIED, never INVALID; only VALID can ever exempt a supply.
"""

from enum import StrEnum


class VatStatus(StrEnum):
    """State of a VAT number, as the register last said."""

    NOT_GIVEN = "not_given"
    #: Typed, not answered yet.
    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"
    #: The register could not answer; asked again later.
    UNVERIFIED = "unverified"
