"""The decisions about all lines of one order, and what they say together."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Self

import attrs

from customer_accounts.vat.decision import VatDecision
from customer_accounts.vat.files import DataError


@attrs.frozen
class OrderDecision:
    """The decisions about an order, one for each line, in the order of the lines."""

    lines: tuple[VatDecision, ...]

    def __iter__(self) -> Iterator[VatDecision]:
        """Go through the lines."""
        return iter(self.lines)

    def __len__(self) -> int:
        """Count the lines."""
        return len(self.lines)

    @property
    def provisional(self) -> bool:
        """Whether any line will be decided again."""
        return any(line.provisional for line in self.lines)

    @property
    def manual_review(self) -> bool:
        """Whether somebody should look at any line."""
        return any(line.manual_review for line in self.lines)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of all warnings, each once."""
        return tuple(dict.fromkeys(code for line in self.lines for code in line.warnings))

    @property
    def rates(self) -> tuple[Decimal | None, ...]:
        """Every rate that occurs, each once."""
        return tuple(dict.fromkeys(line.rate for line in self.lines))

    def invoice_notes(self, locale: str) -> tuple[str, ...]:
        """Give what the invoice must say about the treatments, each note once."""
        return tuple(dict.fromkeys(note for line in self.lines for note in line.invoice_notes(locale)))

    def to_json(self) -> str:
        """Give the record to be kept with the order."""
        return json.dumps(
            [json.loads(line.to_json()) for line in self.lines], ensure_ascii=False, sort_keys=True
        )

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """Read the decisions back, as they were made.

        Raises:
            DataError: the record cannot be read.
        """
        try:
            lines = json.loads(stored)
        except ValueError:
            lines = None
        if not isinstance(lines, list):
            raise DataError("this is no record of the VAT decisions of an order")
        return cls(tuple(VatDecision.from_json(json.dumps(line)) for line in lines))
