"""How a customer gets charged VAT back.

Rules: a company deducts the VAT of its own state in its own return; VAT of another member state comes back
through the portal of its *own* state by 30 September of the next year (Directive 2008/9/EC, Art. 7 and 15); a
company from outside the Union asks the state that charged (Directive 86/560/EEC); consumers get nothing back.
"""

from datetime import date
from enum import StrEnum

import attrs

from customer_accounts.vat.countries import countries
from customer_accounts.vat.places import territory
from customer_accounts.vat.wording import language_of, wording


class ReclaimKind(StrEnum):
    """Ways to have VAT back."""

    OWN_RETURN = "own_return"
    DIRECTIVE_2008_9 = "directive_2008_9"
    DIRECTIVE_86_560 = "directive_86_560"
    LOCAL_DEDUCTION = "local_deduction"
    SELF_ASSESSED = "self_assessed"
    OUTSIDE_SCOPE = "outside_scope"
    NOTHING_CHARGED = "nothing_charged"
    CONSUMER = "consumer"
    IMPORT = "import"


@attrs.frozen
class ReclaimAdvice:
    """How the customer gets the VAT of one supply back.

    Args:
        kind: the way.
        state: state whose VAT was charged, or empty.
        home: state of the customer.
        deadline: last day for the application, or None where no single day holds.
    """

    kind: ReclaimKind
    state: str
    home: str
    deadline: date | None

    @property
    def portal(self) -> str | None:
        """Name of the portal for the application, if it goes through one that is known."""
        if self.kind is not ReclaimKind.DIRECTIVE_2008_9:
            return None
        state = countries().get(territory(self.home).state)
        return state.portal if state and state.portal else None

    def text(self, locale: str) -> str:
        """Give the advice as a sentence for the customer."""
        language = language_of(locale)
        return wording(
            "reclaim",
            self.kind.value,
            locale,
            state=territory(self.state).name(language),
            home=territory(self.home).name(language),
            portal=f" ({self.portal})" if self.portal else "",
            year=str(self.deadline.year) if self.deadline else "",
        )


def reclaim_advice(kind: str, *, state: str, home: str, on: date) -> ReclaimAdvice:
    """Build the advice for a supply on a day."""
    way = ReclaimKind(kind)
    # Art. 15(1) Directive 2008/9/EC: 30 September of the calendar year after the refund period.
    deadline = (
        date(on.year + 1, 9, 30) if way is ReclaimKind.DIRECTIVE_2008_9 and on.year < date.max.year else None
    )
    return ReclaimAdvice(way, state, home, deadline)
