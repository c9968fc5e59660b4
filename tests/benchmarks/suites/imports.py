"""What importing the package costs: alone, with every name touched, and as a small host begins."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import ROOT, Run

PACKAGES = "import attrs, pydantic, email_validator, stdnum.eu.vat"
USED = f"{PACKAGES}\nfrom pydantic import BaseModel, SecretStr\nfrom argon2 import PasswordHasher"
CODES = {
    "packages": PACKAGES,
    "packages used": USED,
    "import customer_accounts": "import customer_accounts",
    "… and touch every exported name": "from customer_accounts import *",
    "… and what a sync shop begins with": (
        "from customer_accounts import Accounts, Register, ConfirmEmail, Settings, SignIn, Storefront, Visitor"
    ),
}


def rows(run: Run) -> Iterator[Row]:
    """Compare with importing the packages that the core is made of."""
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(run.rounds * 3):
        for name, code in CODES.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={"PATH": ""})
            took[name].append((time.perf_counter() - begun) * 1000)
    found = {name: median(several) for name, several in took.items()}
    used = found.pop("packages used")
    packages = found.pop("packages")
    yield Row(
        group="import", what="import customer_accounts", unit="ms", ours=found["import customer_accounts"],
        beside="attrs, pydantic, email_validator, stdnum.eu.vat together", theirs=packages, target="≤ 1.25 ×",
        reached=found.pop("import customer_accounts") <= 1.25 * packages,
        note="names are loaded when they are first asked for",
    )  # fmt: skip
    for name, ours in found.items():
        yield Row(
            group="import", what=name, unit="ms", ours=ours, beside="the same packages", theirs=packages
        )
        yield Row(
            group="import", what=name, unit="ms", ours=ours,
            beside="the same, with BaseModel and PasswordHasher loaded", theirs=used,
        )  # fmt: skip
