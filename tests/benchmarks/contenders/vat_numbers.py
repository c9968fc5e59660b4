"""VAT numbers and decisions of this library, python-stdnum, pyvat and company-id-validators, in one process."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

import pyvat
from company_id_validators import validate_eu_vat
from stdnum.eu import vat as stdnum_vat

from customer_accounts.vat import Buyer, Place, Seller, Supply, VatNumber, VatStatus, decide_vat
from tests.benchmarks.rows import median

NUMBERS = (
    "DE136695976", "ATU13585627", "FR40303265045", "IT00743110157", "NL004495445B01", "BE0428759497",
    "ESB58378431", "PL8567346215", "SE556188840401", "DK13585628", "LU15027442", "PT501964843",
)  # fmt: skip
SELLER = Seller(country="AT", oss=True)
ON = date(2026, 11, 22)
SUPPLIES = [
    Supply(kind="goods", ships_from=Place("AT"), ships_to=Place(country), on=ON, pickup=False)
    for country in ("AT", "DE", "FR", "CH", "IT")
]
BUYERS = [
    Buyer(is_business=True, number=VatNumber.parse("DE136695976"), status=VatStatus.VALID),
    Buyer(is_business=True, number=VatNumber.parse("FR40303265045"), status=VatStatus.UNVERIFIED),
    Buyer(is_business=False),
]
CASES = [(supply, buyer) for supply in SUPPLIES for buyer in BUYERS]
ROUND = 10_000


def _decide(number: int) -> None:
    supply, buyer = CASES[number % len(CASES)]
    decide_vat(supply, buyer, SELLER)


def _check_and_decide(number: int) -> None:
    read = VatNumber.parse(NUMBERS[number % len(NUMBERS)])
    decide_vat(SUPPLIES[1], Buyer(is_business=True, number=read, status=VatStatus.VALID), SELLER)


JOBS: dict[str, Callable[[int], Any]] = {
    "decide": _decide,
    "parse": lambda number: VatNumber.parse(NUMBERS[number % len(NUMBERS)]),
    "parse and decide": _check_and_decide,
    "python-stdnum": lambda number: stdnum_vat.validate(NUMBERS[number % len(NUMBERS)]),
    "pyvat": lambda number: pyvat.is_vat_number_format_valid(NUMBERS[number % len(NUMBERS)]),
    "company-id-validators": lambda number: validate_eu_vat(NUMBERS[number % len(NUMBERS)]),
}


def main() -> None:
    """Do each job in turns, and print how many a second each does."""
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(int(sys.argv[1])):
        for name, job in JOBS.items():
            begun = time.process_time()
            for number in range(ROUND):
                job(number)
            rates[name].append(ROUND / (time.process_time() - begun))
    print(json.dumps({name: median(several) for name, several in rates.items()}))


if __name__ == "__main__":
    main()
