"""Orders in a CSV file, decided in bulk: how many a second, and how the memory grows with the file."""

import csv
import json
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from customer_accounts.cli import vat_bulk
from customer_accounts.cli.vat_rows import Decider
from customer_accounts.vat import Seller
from tests.benchmarks.contenders.memory import peak
from tests.benchmarks.contenders.vat_numbers import NUMBERS, ON

COUNTRIES = ("AT", "DE", "FR", "IT", "CH")


def _write(path: Path, count: int) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("order", "number", "status", "business", "from", "to", "on"))
        for number in range(count):
            business = number % 3 == 0
            told = (NUMBERS[number % len(NUMBERS)], "valid", "yes") if business else ("", "", "no")
            rows.writerow((number, *told, "AT", COUNTRIES[number % len(COUNTRIES)], ON.isoformat()))


def main() -> None:
    """Decide a small file, then one of the size that is asked for, and print the figures."""
    count = int(sys.argv[1])
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "orders.csv", Path(folder) / "decided.csv"
        _write(source, 10_000)
        vat_bulk.run(source, target, Decider(Seller("AT", oss=True), {}, date(2026, 11, 22), "en"))
        small = peak()
        _write(source, count)
        target.unlink()
        begun = time.process_time()
        done = vat_bulk.run(source, target, Decider(Seller("AT", oss=True), {}, date(2026, 11, 22), "en"))
        took = time.process_time() - begun
    assert (done.rows, done.errors) == (count, 0), done
    print(json.dumps({"rate": count / took, "small": small, "peak": peak()}))


if __name__ == "__main__":
    main()
