"""What was decided about one supply, kept with the order.

Rules: a decision carries what it was made from, so it can be explained and read back years later; texts are
made when asked for; a decision read back from its record is the decision of that day, whatever the table says
today.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Self

import attrs

from customer_accounts.vat.circumstances import Question
from customer_accounts.vat.explain import Explanation, answers_by_question, explain, explanation_from
from customer_accounts.vat.files import DataError, table, text
from customer_accounts.vat.outcome import Outcome
from customer_accounts.vat.places import territory
from customer_accounts.vat.rates import RateSource
from customer_accounts.vat.reasons import rate_phrase, result_sentence, rule_sentences
from customer_accounts.vat.reclaim import ReclaimAdvice, reclaim_advice
from customer_accounts.vat.record import (
    FORMAT,
    day_from,
    rate_data,
    rate_from,
    record_from,
    row_back,
    row_data,
)
from customer_accounts.vat.table import Treatment, packaged_table
from customer_accounts.vat.wording import LANGUAGES, language_of, wording


@attrs.frozen
class VatDecision:
    """The VAT treatment of one supply; made by `decide_vat`, read back by `from_json`.

    Args:
        outcome: the row that decided, and what it was decided from.
        number: the customer's VAT number in compact form, or None.
        on: day of supply.
        rates: how good the rate is: ``current``, ``old``, ``other_category``, ``unknown`` or ``none``.
        rate_source: the rate and where it comes from; None where the host decides or no rate is known.
    """

    outcome: Outcome
    number: str | None
    on: date
    rates: str
    rate_source: RateSource | None

    @property
    def rule(self) -> str:
        """The rule of the table, such as ``G04``."""
        return self.outcome.row.rule

    @property
    def treatment(self) -> Treatment:
        """What the supply is for VAT."""
        return self.outcome.row.treatment

    @property
    def provisional(self) -> bool:
        """Whether it will be decided again, when the register answers or somebody has looked."""
        return self.outcome.row.provisional

    @property
    def rate(self) -> Decimal | None:
        """The rate in percent, 0 where no VAT is charged, None where the host decides or no rate is known."""
        return self.rate_source.percent if self.rate_source else None

    @property
    def en16931_category(self) -> str | None:
        """Category of the invoice line in EN 16931 (UNTDID 5305): S, K, G, AE or O."""
        return self.outcome.row.category or None

    @property
    def vatex_code(self) -> str | None:
        """Code of the exemption reason in EN 16931, if there is one."""
        return self.outcome.row.vatex or None

    @property
    def needs_both_numbers(self) -> bool:
        """Whether the law wants both VAT numbers on the invoice (Art. 226(3), (4) Directive 2006/112/EC)."""
        return self.outcome.row.numbers == "both"

    @property
    def legal_basis(self) -> str:
        """Articles of the Directive, and the national one where it is known."""
        return self._law("en")

    @property
    def explanation(self) -> Explanation:
        """The conditions that were looked at, in order, the warnings, and the way to reclaim."""
        outcome = self.outcome
        if outcome.kept is not None:
            return outcome.kept
        later = {
            "treatment": self.treatment.value,
            "tax": outcome.row.tax,
            "home": outcome.home_seen_from_charging_state,
            "rates": self.rates,
        }
        return explain(outcome.table or packaged_table(), outcome.row, outcome.answers, later)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of what the shop's staff should know."""
        return self.explanation.warnings

    @property
    def manual_review(self) -> bool:
        """Whether somebody should look at it."""
        return self.explanation.review

    @property
    def charging_state(self) -> str:
        """The state whose VAT is charged, or would be."""
        return self.outcome.charging.state

    @property
    def dispatch_state(self) -> str:
        """The state where goods are sent from, or where the seller of a service is."""
        return territory(self.outcome.origin).state

    @property
    def reclaim(self) -> ReclaimAdvice:
        """How the customer gets the VAT back."""
        kind = self.explanation.reclaim
        return reclaim_advice(kind, state=self.charging_state, home=self.outcome.home, on=self.on)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every condition that was looked at, in order, and the result, in English; see `explain`."""
        return self.explain("en")

    def explain(self, locale: str) -> tuple[str, ...]:
        """Give the reasons in the language of *locale*, as sentences to read to a customer.

        Args:
            locale: a language tag; German, French and English are known, any other gives English.
        """
        language = language_of(locale)
        names = {
            "origin": territory(self.outcome.origin).name(language),
            "destination": territory(self.outcome.destination).name(language),
            "issuer": territory(self.outcome.home).name(language),
            "number": self.number or "",
        }
        # Variants of one rule may fail on the same fact; it is said once.
        return (
            *dict.fromkeys(rule_sentences(self.explanation.steps, names, locale)),
            *self.result_texts(locale),
        )

    def result_texts(self, locale: str) -> tuple[str, ...]:
        """Give the result as sentences: treatment, rate and law, and whether it is provisional."""
        state = self.outcome.charging.name(language_of(locale))
        rate = rate_phrase(self.rate_source, state, locale)
        sentence = result_sentence(self.treatment.value, rate, self._law(locale), locale)
        return (sentence, wording("verdict", "provisional", locale)) if self.provisional else (sentence,)

    def warning_texts(self, locale: str) -> tuple[str, ...]:
        """Give the warnings as sentences for the shop's staff."""
        return tuple(wording("warning", code, locale) for code in self.warnings)

    def invoice_notes(self, locale: str) -> tuple[str, ...]:
        """Give what the invoice must say about the treatment; nothing where VAT is simply charged."""
        if not self.outcome.row.note:
            return ()
        national = f"; {self.outcome.national_law}" if self.outcome.national_law else ""
        return (
            wording("note", self.outcome.row.note, locale, seller=self.outcome.seller, national=national),
        )

    def to_json(self) -> str:
        """Give the record to be kept with the order; `from_json` reads it back."""
        data = {
            "format": FORMAT,
            "data_version": self.outcome.data_version,
            "row": row_data(self.outcome.row),
            "answers": answers_by_question(self.outcome.answers),
            "origin": self.outcome.origin,
            "destination": self.outcome.destination,
            "home": self.outcome.home,
            "number": self.number,
            "rate_source": rate_data(self.rate_source),
            "rates": self.rates,
            "on": self.on.isoformat(),
            "seller": self.outcome.seller,
            "seller_number": self.outcome.seller_number,
            "national_law": self.outcome.national_law,
            "explanation": self.explanation.to_data(),
            # For people who read the record itself; nothing is read back from these.
            "legal_basis": self.legal_basis,
            "invoice_notes": {language: list(self.invoice_notes(language)) for language in LANGUAGES},
            "reasons": list(self.reasons),
        }
        return json.dumps(data, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """Read a decision back, as it was made.

        Raises:
            DataError: the record cannot be read.
        """
        data = record_from(stored)
        try:
            return cls(
                outcome=_outcome_from(data),
                number=text(data["number"]) or None,
                on=day_from(data["on"]) or date.min,
                rates=text(data["rates"]),
                rate_source=rate_from(data["rate_source"]),
            )
        except (KeyError, ValueError, ArithmeticError) as error:
            raise DataError("the record of a VAT decision is incomplete or damaged") from error

    def _law(self, locale: str) -> str:
        row = self.outcome.row
        directive = wording("law", "directive", locale, articles=row.law) if row.law else ""
        return "; ".join(filter(None, (directive, row.other_law, self.outcome.national_law)))


def _outcome_from(data: Mapping[str, object]) -> Outcome:
    answers = table(data["answers"])
    return Outcome(
        row=row_back(data["row"]),
        answers=tuple(text(answers[question.value]) for question in Question),
        origin=text(data["origin"]),
        destination=text(data["destination"]),
        home=text(data["home"]),
        seller=text(data["seller"]),
        seller_number=text(data["seller_number"]) or None,
        national_law=text(data["national_law"]),
        data_version=text(data["data_version"]),
        kept=explanation_from(table(data["explanation"])),
    )
