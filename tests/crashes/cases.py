"""What is ended at each of its steps: every command that writes, and the workers.

Commands and scenes come from `tests.fragile`, which finds all commands there are.
"""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.actors import System
from customer_accounts.adapters.memory_write import Tables
from customer_accounts.command import Command
from customer_accounts.limiting import Allowance
from customer_accounts.outbox import MailStatus
from customer_accounts.ports import AsyncMailer, AsyncStorage, Mailer, Storage
from customer_accounts.token import TokenRecord
from customer_accounts.vat import VatAnswer, VatNumber, VatStatus
from tests.accounts.doubles import Later
from tests.bad_input.stage import Stage, Unlimited
from tests.bad_input.valid import ALL
from tests.fragile import Case, scenes_of
from tests.test_lost_answers import READS

#: Longer than any lease.
AFTER_THE_LEASE = timedelta(minutes=11)
A_YEAR = timedelta(days=400)


class Postbox:
    """A mail server that keeps what it took in a file, so that it outlives whoever sent it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def emptied(self) -> None:
        """Throw away what it took."""
        self._file.write_text("")

    def send(self, message: EmailMessage, /) -> str:
        """Take a message."""
        with self._file.open("a") as file:
            file.write(f"{message['Message-ID']} {message['To']}\n")
        return "250 OK"

    @property
    def taken(self) -> list[str]:
        """Message-ID and recipient of each message."""
        return self._file.read_text().splitlines()

    @property
    def ids(self) -> list[str]:
        """The Message-ID of each message."""
        return [line.split()[0] for line in self.taken]

    @property
    def recipients(self) -> list[str]:
        """The recipient of each message."""
        return [line.split()[1] for line in self.taken]


class Register:
    """A register that knows every number."""

    def __init__(self, stage: Stage) -> None:
        self._clock = stage.clock

    def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Say that a number is valid."""
        return VatAnswer(number.compact, VatStatus.VALID, "VALID", self._clock())


def sent_before(tables: Tables) -> Tables:
    """Give the tables with every mail sent that waits, so that only the command's own mails are due."""
    done = tables.copy()
    for mail in tables.mails.values():
        done.mails[mail.id] = evolve(
            mail, status=MailStatus.SENT, finished_at=mail.queued_at, to="", details=(), reply="250 OK"
        )
    return done


@frozen
class Work:
    """Something that is done on a storage and may end at any step.

    Args:
        name: of the command or the worker.
        begun: what is stored before.
        stage: where its settings and its clock are.
        command: what is asked; None for a worker.
        actor: who asks.
    """

    name: str
    stage: Stage
    begun: Tables
    command: Any = None
    actor: Any = None

    def shop(self, storage: Storage, later: timedelta = timedelta()) -> Accounts:
        """Give a process of the shop."""
        clock = self.stage.clock
        return Accounts(
            storage,
            self.stage.settings,
            clock=lambda: clock() + later,
            limiter=Unlimited(),
            order_facts=self.stage.order_facts,
        )

    def run(self, storage: Storage, mailer: Mailer) -> Any:
        """Do it."""
        shop = self.shop(storage)
        if self.command is not None:
            return shop.handle(self.command, by=self.actor)
        if self.name == "deliver_mail":
            return shop.deliver_mail(mailer)
        if self.name == "check_vat_numbers":
            return shop.check_vat_numbers(Register(self.stage))
        if self.name == "check_vat":
            return shop.check_vat(NUMBER, register=Register(self.stage))
        if self.name == "requeue_mail":
            return [shop.requeue_mail(one, by=System()) for one in shop.dead_mails()]
        return self.shop(storage, A_YEAR).purge()

    async def run_async(self, storage: AsyncStorage, mailer: AsyncMailer) -> Any:
        """Do it with the async runner."""
        clock, settings, limiter = self.stage.clock, self.stage.settings, AsyncUnlimited()
        facts: Any = Later(self.stage.order_facts)
        shop = AsyncAccounts(storage, settings, clock=clock, limiter=limiter, order_facts=facts)
        if self.command is not None:
            return await shop.handle(self.command, by=self.actor)
        if self.name == "deliver_mail":
            return await shop.deliver_mail(mailer)
        if self.name == "check_vat_numbers":
            return await shop.check_vat_numbers(AsyncRegister(self.stage))
        if self.name == "check_vat":
            return await shop.check_vat(NUMBER, register=AsyncRegister(self.stage))
        if self.name == "requeue_mail":
            return [await shop.requeue_mail(one, by=System()) for one in await shop.dead_mails()]
        later = AsyncAccounts(storage, settings, clock=lambda: clock() + A_YEAR, limiter=limiter)
        return await later.purge()


class AsyncUnlimited:
    """A limiter that lets everything pass."""

    async def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Let it pass."""
        return None


class AsyncRegister:
    """The async twin of `Register`."""

    def __init__(self, stage: Stage) -> None:
        self._register = Register(stage)

    async def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Say that a number is valid."""
        return self._register.check(number, requester)


#: What is no command and writes all the same.
WORKERS = ("deliver_mail", "check_vat_numbers", "purge", "check_vat", "requeue_mail")
#: Of a company that nobody in the shop has asked about.
NUMBER = "FR40303265045"


def works(*, whole: bool) -> Iterator[Work]:
    """Give every command that writes in the scene in which it does most, or in all its scenes; then the workers."""
    stage = Stage()
    for kind in ALL:
        if kind.__name__ not in READS:
            for scene in scenes_of(kind) if whole else scenes_of(kind)[-1:]:
                yield _command(stage, kind, scene)
    stage.restart()
    for name in WORKERS:
        yield Work(name, stage, _of_worker(stage, name))


def _command(stage: Stage, kind: type[Command], scene: Any) -> Work:
    case = Case(stage, kind, scene)
    return Work(kind.__name__, stage, sent_before(case.tables), case.command, case.actor)


def _of_worker(stage: Stage, name: str) -> Tables:
    tables = stage.start.copy()
    if name == "deliver_mail":  # three are enough: the first, the last, and one between
        links = {one.digest for one in tables.all(TokenRecord)}
        whole = [one for one in tables.mails.values() if one.token is None or one.token in links]
        waiting = {one.id: one for one in whole[-3:]}
        return evolve(tables, mails={**sent_before(tables).mails, **waiting})
    if name == "requeue_mail":
        dead = next(one for one in tables.mails.values() if one.token is None and not one.order_reference)
        given_up = evolve(dead, status=MailStatus.DEAD, attempts=10, reply="MailError: 451 later")
        return evolve(tables, mails={**sent_before(tables).mails, dead.id: given_up})
    return sent_before(tables)
