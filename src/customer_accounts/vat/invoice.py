"""What the invoice says about VAT, line by line, ready to print in French, German and English.

Rules: the wording goes with the treatment, never with the number; the customer's number is printed whenever
there is one, as information, and changes nothing (F26); where the law wants both numbers (Art. 226(3) and (4)
Directive 2006/112/EC: exempt intra-Community supplies and reverse charge) the seller's is printed too, or
refused to be missing.
"""

from collections.abc import Iterable

from customer_accounts.vat.decision import VatDecision
from customer_accounts.vat.wording import wording


def invoice_lines(
    decisions: VatDecision | Iterable[VatDecision], locale: str, *, seller_number: str | None = None
) -> tuple[str, ...]:
    """Give the lines about VAT for the foot of an invoice, each once.

    Args:
        decisions: the decision about one supply, or those about all lines of the invoice.
        locale: a language tag.
        seller_number: the seller's VAT number in the state where the supply starts, if the `Seller` had none.

    Raises:
        ValueError: the law wants the seller's number, and it is not known.
    """
    all_of_them = (decisions,) if isinstance(decisions, VatDecision) else tuple(decisions)
    lines = [note for decision in all_of_them for note in decision.invoice_notes(locale)]
    for decision in all_of_them:
        lines += _numbers(decision, locale, seller_number)
    return tuple(dict.fromkeys(lines))


def _numbers(decision: VatDecision, locale: str, seller_number: str | None) -> list[str]:
    seller = decision.outcome.seller
    lines = []
    if decision.number:
        lines.append(wording("line", "customer_number", locale, seller=seller, number=decision.number))
    if decision.needs_both_numbers:
        own = decision.outcome.seller_number or seller_number
        if not own:
            raise ValueError(
                f"this invoice needs the seller's VAT number of {decision.dispatch_state}"
                " (Art. 226(3) Directive 2006/112/EC)"
            )
        lines.append(wording("line", "seller_number", locale, seller=seller, number=own))
    return lines
