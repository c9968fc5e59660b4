"""What the decision table looks at: a handful of questions, each with few possible answers.

Rules: a row of the table may ask nothing else; every answer to every question is listed here, so all
combinations can be enumerated, and the tests do.  Codes of countries, rates and numbers never reach the
table; `situation.py` turns them into these answers.
"""

from enum import StrEnum
from types import MappingProxyType


class Question(StrEnum):
    """A question about a supply, in the order of the answers."""

    SUPPLY = "supply"
    #: Where goods are dispatched, or where the seller of a service is.
    ORIGIN = "origin"
    #: Are the goods sent, or handed over where they lie?
    HANDOVER = "handover"
    #: Where goods arrive, or where the customer of a service is; `same` as origin, or its area.
    DESTINATION = "destination"
    CUSTOMER = "customer"
    #: State of the customer's VAT number.
    NUMBER = "number"
    #: Who issued it, compared with origin and destination.
    ISSUER = "issuer"
    #: How the seller accounts for sales to consumers at the destination.
    SCHEME = "scheme"
    #: How the seller treats a business without a confirmed number.
    POLICY = "policy"
    #: Whose rate counts in a region of the same state with a rate of its own.
    REGIONAL = "regional"
    #: Is the stock where the seller is established, where it is registered, or neither?
    STOCK = "stock"
    #: Is it known where the customer is?
    PLACE = "place"


_AREAS = ("member", "northern_ireland", "united_kingdom", "outside", "suspended")

#: Every answer to every question.
ANSWERS = MappingProxyType(
    {
        Question.SUPPLY: ("goods", "service", "electronic_service"),
        Question.ORIGIN: _AREAS,
        Question.HANDOVER: ("shipped", "collected"),
        Question.DESTINATION: ("same", *_AREAS),
        Question.CUSTOMER: ("business", "consumer"),
        Question.NUMBER: ("none", "malformed", "wrong_kind", "invalid", "unverified", "pending", "valid"),
        Question.ISSUER: ("none", "origin", "destination", "third_member", "northern_ireland"),
        Question.SCHEME: ("destination", "below_threshold", "unregistered"),
        Question.POLICY: ("origin", "consumer"),
        Question.REGIONAL: ("origin", "destination"),
        Question.STOCK: ("home", "registered", "unregistered"),
        Question.PLACE: ("known", "unknown"),
    }
)

#: Asked by warnings and reclaim advice only: what the row decided, and how good its rate is.
LATER_ANSWERS = MappingProxyType(
    {
        "treatment": (
            "domestic",
            "distance_sale",
            "intra_community_supply",
            "export",
            "import",
            "reverse_charge",
            "outside_scope",
        ),
        "tax": ("origin", "destination", "zero", "none"),
        "home": ("charging_state", *_AREAS),
        "rates": ("current", "old", "other_category", "unknown", "none"),
    }
)

#: One answer to each question, in the order of `Question`.
Answers = tuple[str, ...]
