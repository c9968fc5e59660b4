"""Thirty-two sign-ins at once with a real hash: how much memory the process had before, and at its peak (HS-05)."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

from customer_accounts import Accounts
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import insert
from tests.benchmarks.contenders.frame import addresses
from tests.benchmarks.contenders.memory import peak, resident
from tests.benchmarks.contenders.ours import NoHasher, account_of, settings, sign_in, visitor

AT_ONCE = 32


def main() -> None:
    """Sign in, and print the figures in MiB."""
    storage, given = MemoryStorage(), addresses("login", AT_ONCE * 4)
    storage.write([insert(account_of(address)) for address in given])
    free = Accounts(storage, settings(), hasher=NoHasher())
    shop = Accounts(storage, settings())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda address: free.handle(sign_in(address), by=visitor(address)), given))
        base = resident()
        list(pool.map(lambda address: shop.handle(sign_in(address), by=visitor(address)), given))
    print(json.dumps({"base": base, "peak": peak(), "cores": len(os.sched_getaffinity(0))}))


if __name__ == "__main__":
    main()
