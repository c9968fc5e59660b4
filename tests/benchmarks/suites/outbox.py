"""Mails a second through a local mail server that takes as long as a real one, with one worker and with four.

Each worker is a process, as in a shop; threads of one process would share the interpreter's lock with each other and
with the mail server, and the figure would be that of the lock.
"""

import asyncio
import multiprocessing
import socket
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from typing import Any
from uuid import uuid4

from aiosmtpd.controller import Controller
from attrs import evolve

from customer_accounts import Accounts
from customer_accounts.adapters.smtp import SmtpMailer
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import QueueMail
from customer_accounts.outbox import MailPurpose
from customer_accounts.testing import records
from tests.benchmarks.contenders.ours import NoHasher, settings
from tests.benchmarks.rows import Row
from tests.benchmarks.running import OURS, Run, create_schema, postgres

#: What a mail server in the same data centre takes to accept a message: it writes it to its disk first.
SERVER_SECONDS = 0.02
#: Seconds that anybody waits for the others; a worker that fell over shows as an error and not as a standstill.
_AT_MOST = 300


class _Slow:
    """A mail server's handler that takes its time, and counts by Message-ID."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take a message."""
        await asyncio.sleep(SERVER_SECONDS)
        lines = envelope.content.decode().splitlines()
        self.taken[next(line for line in lines if line.lower().startswith("message-id:"))] += 1
        return "250 taken"


def rows(run: Run) -> Iterator[Row]:
    """Queue the same mails for one worker and for four, each on a storage and a connection of its own."""
    count = 100 if run.quick else 400
    path = f"sqlite:///{run.folder}/outbox.db"
    create_schema(path)
    with postgres() as (_, database):
        for name, url in (("SQLite", path), ("PostgreSQL", database("outbox", OURS).url)):
            rates, twice = {}, 0
            for workers in (1, 4):
                run.say(f"outbox on {name}, {workers} at work")
                rates[workers], surplus = _delivered(url, count, workers)
                twice += surplus
            on_postgres = name == "PostgreSQL"
            yield Row(
                group="outbox", what=f"mails with 4 workers, beside 1, {name}", unit="a second", ours=rates[4],
                beside="1 worker", theirs=rates[1], target="≥ 2.5 ×" if on_postgres else "",
                reached=rates[4] >= 2.5 * rates[1] if on_postgres else None,
                note=f"the server takes {SERVER_SECONDS * 1000:g} ms for a message",
            )  # fmt: skip
            yield Row(
                group="outbox",
                what=f"mails sent twice, {name}",
                unit="",
                ours=twice,
                target="0",
                reached=twice == 0,
            )


def _delivered(url: str, count: int, workers: int) -> tuple[float, int]:
    handler = _Slow()
    port = _free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    spawning = multiprocessing.get_context("spawn")
    meet = spawning.Barrier(workers + 1)
    processes = [spawning.Process(target=_work, args=(url, port, meet)) for _ in range(workers)]
    for process in processes:
        process.start()
    meet.wait(_AT_MOST)
    storage = SqlStorage(url)
    template = records.a_mail(purpose=MailPurpose.NO_ACCOUNT)
    for _ in range(count):
        storage.write([QueueMail(evolve(template, id=uuid4()))])
    storage.close()
    meet.wait(_AT_MOST)
    begun = time.perf_counter()
    meet.wait(_AT_MOST)
    took = time.perf_counter() - begun
    for process in processes:
        process.join()
    server.stop()
    assert len(handler.taken) == count, f"{len(handler.taken)} of {count} mails arrived"
    return count / took, sum(handler.taken.values()) - count


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


def _work(url: str, port: int, meet: Barrier) -> None:
    """Be a worker: say when ready, begin when the mails are there, and say when none is left."""
    storage = SqlStorage(url)
    shop, mailer = Accounts(storage, settings(), hasher=NoHasher()), SmtpMailer("127.0.0.1", port)
    shop.deliver_mail(mailer)
    meet.wait(_AT_MOST)
    meet.wait(_AT_MOST)
    shop.deliver_mail(mailer)
    meet.wait(_AT_MOST)
    storage.close()
