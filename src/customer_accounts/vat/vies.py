"""What is sent to VIES over REST, and how its answers are read; pure, the sending is the adapter's.

Rules: the body is read before the status, for VIES puts outages into answers with status 200 and even into
``isValid: false``; both shapes of answer are understood; the number in the answer must be the one that was
asked; a verdict is a boolean in an answer without a fault and with a good status.  All else is unverified.

Source: the Commission's REST contract (swagger_publicVAT) as documented by public clients; requesters are
``requesterMemberStateCode`` and ``requesterNumber`` there, unlike in the SOAP service.
"""

import json
from collections.abc import Mapping
from datetime import datetime

import attrs

from customer_accounts.vat.answer import BAD_RESPONSE, NO_RESPONSE, VatAnswer, code_meaning, kept_body
from customer_accounts.vat.number import VatNumber
from customer_accounts.vat.status import VatStatus

#: Name and address of a business that its state withholds.
_WITHHELD = frozenset({"", "---"})
#: The approximate answer in its two shapes: our name, POST, GET.
_MATCHES = (
    ("name", "traderNameMatch", "matchName"),
    ("street", "traderStreetMatch", "matchStreet"),
    ("postal_code", "traderPostalCodeMatch", "matchPostalCode"),
    ("city", "traderCityMatch", "matchCity"),
    ("company_type", "traderCompanyTypeMatch", "matchCompanyType"),
)
_MATCH_NUMBERS = {1: "VALID", 2: "INVALID", 3: "NOT_PROCESSED"}


@attrs.frozen
class Trader:
    """What the customer says about the business, for the register to compare (approximate request).

    Args:
        name: name of the business.
        street: street and house number.
        postal_code: postcode.
        city: town.
        company_type: legal form, as the member state codes it.
    """

    name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    company_type: str = ""


@attrs.frozen
class Asked:
    """One request: what was asked, of whom, on whose behalf.

    Args:
        number: the number asked about.
        endpoint: the address asked.
        requester: the shop's own number, or None.
        trader: what to compare, or None.
        requester_refused: the register has refused the shop's number before, so it was left out.
    """

    number: VatNumber
    endpoint: str
    requester: VatNumber | None = None
    trader: Trader | None = None
    requester_refused: bool = False

    def body(self) -> bytes:
        """Give the JSON to send."""
        fields = {"countryCode": self.number.country, "vatNumber": self.number.national}
        if self.requester:
            fields["requesterMemberStateCode"] = self.requester.country
            fields["requesterNumber"] = self.requester.national
        if self.trader:
            fields["traderName"] = self.trader.name
            fields["traderStreet"] = self.trader.street
            fields["traderPostalCode"] = self.trader.postal_code
            fields["traderCity"] = self.trader.city
            fields["traderCompanyType"] = self.trader.company_type
        return json.dumps({name: text for name, text in fields.items() if text}).encode()

    def without_requester(self) -> "Asked":
        """Give the same request on nobody's behalf, after the shop's own number was refused."""
        return attrs.evolve(self, requester=None, requester_refused=True)


def no_answer(asked: Asked, at: datetime, code: str = NO_RESPONSE) -> VatAnswer:
    """Give the answer that stands for a register that did not answer, or too late, or was not asked."""
    return _answer(asked, at, code)


def read_answer(asked: Asked, at: datetime, http_status: int, body: bytes) -> VatAnswer:
    """Read what VIES answered; never raises.

    Args:
        asked: the request.
        at: time of the answer, UTC.
        http_status: its status.
        body: its body, complete.
    """
    raw = kept_body(body)
    try:
        data = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        data = None
    found = data if isinstance(data, dict) else {}
    code = _code(found, asked.number, http_status)
    answer = _answer(asked, at, code, http_status=http_status, raw=raw)
    if answer.status is VatStatus.UNVERIFIED:
        return answer
    return attrs.evolve(
        answer,
        consultation_number=_text(found.get("requestIdentifier")),
        name=_text(found.get("name")),
        address=_text(found.get("address")),
        matches=_matches(found),
    )


def _answer(
    asked: Asked, at: datetime, code: str, *, http_status: int | None = None, raw: str = ""
) -> VatAnswer:
    meaning = code_meaning(code)
    return VatAnswer(
        number=asked.number.compact,
        status=meaning.status,
        code=meaning.code,
        checked_at=at,
        endpoint=asked.endpoint,
        http_status=http_status,
        raw=raw,
        requester=asked.requester.compact if asked.requester else None,
        requester_refused=asked.requester_refused,
    )


def _code(data: Mapping[str, object], number: VatNumber, http_status: int) -> str:
    fault = _fault(data)
    if fault:
        return fault
    verdict = _verdict(data)
    if verdict is None or not _is_about(data, number) or http_status not in range(200, 300):
        return BAD_RESPONSE
    return "VALID" if verdict else "INVALID"


def _fault(data: Mapping[str, object]) -> str:
    """Give the code of a fault, or an empty text where the answer has none."""
    wrappers = data.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers:
        first = wrappers[0]
        return code_meaning(first.get("error") if isinstance(first, dict) else None).code
    if wrappers is not None or data.get("actionSucceed") is False:
        return BAD_RESPONSE
    error = data.get("userError") or "VALID"
    return "" if error in ("VALID", "INVALID") else code_meaning(error).code


def _verdict(data: Mapping[str, object]) -> bool | None:
    verdicts = {data[key] for key in ("valid", "isValid") if isinstance(data.get(key), bool)}
    said = {"VALID": True, "INVALID": False}.get(str(data.get("userError")))
    if said is not None:
        verdicts.add(said)
    # A `userError` alone is no verdict, and answers that contradict themselves are none either.
    if len(verdicts) != 1 or not any(isinstance(data.get(key), bool) for key in ("valid", "isValid")):
        return None
    return verdicts == {True}


def _is_about(data: Mapping[str, object], number: VatNumber) -> bool:
    country = data.get("countryCode", number.country)
    digits = data.get("vatNumber")
    if not isinstance(country, str) or not isinstance(digits, str):
        return False
    prefix = "EL" if country.strip().upper() == "GR" else country.strip().upper()
    told = "".join(digits.split()).upper()
    return prefix == number.country and told in {number.national, number.compact}


def _text(cell: object) -> str | None:
    if not isinstance(cell, str) or cell.strip() in _WITHHELD:
        return None
    return cell.strip()


def _matches(data: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    nested = data.get("viesApproximate")
    approximate = nested if isinstance(nested, dict) else {}
    found = []
    for name, post, get in _MATCHES:
        cell = data.get(post, approximate.get(get))
        told = _MATCH_NUMBERS.get(cell) if isinstance(cell, int) else cell
        if isinstance(told, str) and told in _MATCH_NUMBERS.values():
            found.append((name, told))
    return tuple(found)
