"""Put in one fault at a time, run the tests that must notice, and say which were caught.

``python -m tests.sabotage`` tries all of them, ``python -m tests.sabotage F03 TK`` those whose id begins so.
"""

import sys

from tests.sabotage.fault import Fault
from tests.sabotage.features import FEATURES
from tests.sabotage.on_sql import ON_SQL
from tests.sabotage.promises import PROMISES
from tests.sabotage.requirements import REQUIREMENTS
from tests.sabotage.trials import Outcome, Trials
from tests.sabotage.vat import VAT


def main(prefixes: list[str]) -> int:
    """Try the faults and print a line for each and the sums."""
    chosen = [
        one
        for one in (*PROMISES, *REQUIREMENTS, *ON_SQL, *VAT, *FEATURES)
        if one.id.startswith(tuple(prefixes or [""]))
    ]
    caught: list[Fault] = []

    def tell(fault: Fault, outcome: Outcome) -> None:
        print(f"{fault.id:6} {outcome}: {fault.breaks}", flush=True)
        if outcome is Outcome.CAUGHT:
            caught.append(fault)

    if chosen:
        Trials(chosen, tell).run()
    for name, faults in (
        ("promises", PROMISES),
        ("requirements", REQUIREMENTS),
        ("requirements in SQL", ON_SQL),
        ("VAT numbers", VAT),
        ("features", FEATURES),
    ):
        tried = [one for one in faults if one in chosen]
        if tried:
            print(f"{name}: {len(tried)} faults tried of {len(faults)}")
    print(f"{len(caught)} of {len(chosen)} caught")
    return 0 if chosen and len(caught) == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
