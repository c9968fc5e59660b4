"""Parts of a decision as plain data, for the record that is kept with the order, and back.

Rules: the record holds the row that decided, cell by cell, not only its name, so that it can be read when the
table has changed; numbers are kept as text, days as ISO dates.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import attrs

from customer_accounts.vat.files import DataError, table, text, texts
from customer_accounts.vat.rates import RateSource
from customer_accounts.vat.table import Row, row_from

#: Layout of the record; raised when it changes in a way that older readers would misread.
FORMAT = 1


def row_data(row: Row) -> dict[str, object]:
    """Give a row of the table cell by cell."""
    cells = attrs.asdict(
        row, filter=lambda attribute, value: attribute.name != "when" and value not in ("", False)
    )
    rule, key = cells.pop("rule"), cells.pop("key")
    # A list, for the order of the conditions counts and databases may sort the keys of objects.
    when = [[condition.question, *condition.wanted] for condition in row.when]
    return {"rule": rule, "key": key, "when": when, "then": cells}


def row_back(cell: object) -> Row:
    """Read a row back."""
    data = table(cell)
    when = data["when"]
    if not isinstance(when, list):
        raise DataError("the conditions of a row are a list")
    conditions = [texts(condition) for condition in when]
    return row_from({**data, "when": {question: wanted for question, *wanted in conditions}})


def rate_data(rate: RateSource | None) -> dict[str, object] | None:
    """Give a rate as plain data."""
    if rate is None:
        return None
    return {
        "country": rate.country,
        "percent": str(rate.percent),
        "since": rate.since.isoformat() if rate.since else None,
        "region": rate.region,
        "category": rate.category,
        "source": rate.source,
        "as_of": rate.as_of.isoformat() if rate.as_of else None,
    }


def rate_from(cell: object) -> RateSource | None:
    """Read a rate back."""
    if cell is None:
        return None
    data = table(cell)
    return RateSource(
        country=text(data["country"]),
        percent=Decimal(text(data["percent"])),
        since=day_from(data["since"]),
        region=text(data["region"]),
        category=text(data["category"]),
        source=text(data["source"]),
        as_of=day_from(data["as_of"]),
    )


def day_from(cell: object) -> date | None:
    """Read a day back."""
    return date.fromisoformat(text(cell)) if cell is not None else None


def record_from(stored: str) -> Mapping[str, object]:
    """Read the outermost layer of a record.

    Raises:
        DataError: it is no record of a decision, or of a later layout.
    """
    try:
        data = table(json.loads(stored))
    except ValueError:
        raise DataError("this is no record of a VAT decision") from None
    if data.get("format") != FORMAT:
        raise DataError(f"the record has layout {data.get('format')!r}, this version reads {FORMAT}")
    return data
