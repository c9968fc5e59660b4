"""`AsyncAccounts`: the runner for async hosts such as FastAPI and Litestar; the rules are those of `Accounts`."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self, TypeVar

from customer_accounts.accounts import steps
from customer_accounts.accounts.async_computing import computed, threads_of
from customer_accounts.accounts.async_mail_worker import AsyncMailWorker
from customer_accounts.accounts.dead_letters import no_outbox, requeueing
from customer_accounts.accounts.limiter import AsyncMemoryRateLimiter
from customer_accounts.accounts.mail_delivery import Composer, DeliveryReport, refused_inside
from customer_accounts.accounts.mail_run import MailMetrics, MetricsSink, Pace, metrics
from customer_accounts.accounts.retention import purges
from customer_accounts.accounts.vat_asking_async import AsyncAsking
from customer_accounts.accounts.vat_checkout import CheckedVatNumber
from customer_accounts.accounts.vat_checks import Progress, VatReport
from customer_accounts.accounts.vat_worker_async import AsyncVatWorker
from customer_accounts.actors import Actor, Agent, System
from customer_accounts.changes import Counts
from customer_accounts.command import Asks, Command, Decision, Env, Refusal
from customer_accounts.errors import ConflictError, RefusedError, StaleWriteError
from customer_accounts.facts import Facts
from customer_accounts.hashing import HasherBusyError
from customer_accounts.outbox import MailRecord, MailStatus
from customer_accounts.password_policy import BreachCheck
from customer_accounts.ports import (
    AsyncBreachedPasswords,
    AsyncMailer,
    AsyncOrderFactCheck,
    AsyncOutbox,
    AsyncRateLimiter,
    AsyncStorage,
    AsyncVatRegister,
    EventSink,
    PasswordHasher,
)
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings
from customer_accounts.vat import VatNumber

_PACE = Pace()

R = TypeVar("R")
A = TypeVar("A", bound=Actor)


class AsyncAccounts:
    """The async twin of `customer_accounts.Accounts`; what hashes runs in the few threads of the hasher.

    Args:
        storage: where records live.
        settings: what the shop decides.
        hasher: the password hasher; by default argon2id with the parameters of the settings.
        limiter: counts tries; by default in this process's memory.
        breached: an optional check for breached passwords.
        order_facts: see `Accounts`.
        vat_register: the register of VAT numbers that `check_vat` and `check_vat_numbers` ask.
        on_event: called after each commit with every audit event; must not block.  Inside a transaction of the
            host (`within`) it is called once the library has written, before the host commits.
        clock: gives the time, with its zone.

    Raises:
        SettingsError: *clock* gives times without a zone.
    """

    def __init__(
        self,
        storage: AsyncStorage,
        settings: Settings,
        *,
        hasher: PasswordHasher | None = None,
        limiter: AsyncRateLimiter | None = None,
        breached: AsyncBreachedPasswords | None = None,
        order_facts: AsyncOrderFactCheck | None = None,
        vat_register: AsyncVatRegister | None = None,
        on_event: EventSink | None = None,
        clock: Callable[[], datetime] = steps.utc_now,
    ) -> None:
        self.settings = settings
        self._storage = storage
        self._breached = breached
        self._order_facts = order_facts
        self._vat_register = vat_register
        self._asking = AsyncAsking()
        self._joined = False
        self._around = steps.Surroundings(settings, hasher or steps.default_hasher(settings), on_event, clock)
        self._limiter = limiter or AsyncMemoryRateLimiter(self._around.clock)
        self._threads = threads_of(self._around.hasher)

    async def handle(self, command: Asks[R, A], *, by: A) -> R | Refused:
        """See `Accounts.handle`."""
        refused = steps.not_admitted(command, by, self.settings)
        if refused is not None:
            return refused
        env = self._around.env()
        refused = await self._limited(command, by, env)
        if refused is not None:
            return refused
        try:
            return await self._decide_and_write(command, by, env)
        except HasherBusyError:
            return Refused(Reason.BUSY)

    async def require(self, command: Asks[R, A], *, by: A) -> R:
        """See `Accounts.require`."""
        result = await self.handle(command, by=by)
        if isinstance(result, Refused):
            raise RefusedError(result)
        return result

    def within(self, connection: Any) -> Self:
        """See `Accounts.within`."""
        join = getattr(self._storage, "within", None)
        if join is None:
            raise TypeError(f"{type(self._storage).__name__} cannot join a transaction of the host")
        joined = object.__new__(type(self))
        joined.__dict__.update(self.__dict__)
        joined._storage = join(connection)
        joined._joined = True
        return joined

    async def deliver_mail(
        self, mailer: AsyncMailer, *, limit: int = 1000, compose: Composer | None = None
    ) -> DeliveryReport:
        """See `Accounts.deliver_mail`."""
        return await self._mail_worker(mailer, compose).once(limit)

    async def run_mail_worker(
        self,
        mailer: AsyncMailer,
        *,
        stop: asyncio.Event | None = None,
        compose: Composer | None = None,
        pace: Pace = _PACE,
        on_metrics: MetricsSink | None = None,
    ) -> DeliveryReport:
        """See `Accounts.run_mail_worker`; a cancelled worker gives back what it holds."""
        if on_metrics is not None:
            self._outbox()
        worker = self._mail_worker(mailer, compose)
        return await worker.forever(stop or asyncio.Event(), pace, on_metrics)

    async def mail_metrics(self) -> MailMetrics:
        """See `Accounts.mail_metrics`."""
        return metrics(await self._outbox().backlog(), self._around, DeliveryReport())

    async def dead_mails(self, *, after: MailRecord | None = None, limit: int = 100) -> Sequence[MailRecord]:
        """See `Accounts.dead_mails`."""
        key = None if after is None else (after.due_at, after.id)
        return await self._outbox().mails(MailStatus.DEAD, after=key, limit=limit)

    async def requeue_mail(self, mail: MailRecord, *, by: Agent | System) -> bool:
        """See `Accounts.requeue_mail`."""
        event = requeueing(mail, by, self._around.clock())
        done = await self._outbox().requeue(mail.id, due_at=event.at, event=event)
        if done:
            self._around.announce([event])
        return done

    async def check_vat(
        self,
        number: VatNumber | str,
        wait: float = 2.0,
        *,
        country: str | None = None,
        register: AsyncVatRegister | None = None,
    ) -> CheckedVatNumber:
        """See `Accounts.check_vat`."""
        return await self._vat_worker(register).check(number, country, wait, self._asking)

    async def check_vat_numbers(
        self,
        register: AsyncVatRegister | None = None,
        *,
        limit: int = 1000,
        at_once: int = 1,
        progress: Progress | None = None,
    ) -> VatReport:
        """See `Accounts.check_vat_numbers`."""
        worker = self._vat_worker(register)
        if worker.register is None:
            raise TypeError("give the register to the runner or to the call")
        return await worker.run(limit, at_once, progress)

    async def purge(self) -> Counts:
        """See `Accounts.purge`."""
        return await self._storage.write(purges(self.settings, self._around.clock()))

    def _outbox(self) -> AsyncOutbox:
        if not isinstance(self._storage, AsyncOutbox):
            raise no_outbox(self._storage)
        return self._storage

    def _mail_worker(self, mailer: AsyncMailer, compose: Composer | None) -> AsyncMailWorker:
        if self._joined:
            raise refused_inside()
        return AsyncMailWorker(self._storage, self._around, mailer, compose)

    def _vat_worker(self, register: AsyncVatRegister | None) -> AsyncVatWorker:
        return AsyncVatWorker(self.handle, self._storage, self._around, register or self._vat_register)

    async def _limited(self, command: Asks[R, A], by: A, env: Env) -> Refused | None:
        for hit in command.limits(by, self.settings):
            allowance = self.settings.limits[hit.limit]
            try:
                wait = await self._limiter.hit(hit.key, allowance)
            except Exception:  # a limiter that is down is answered by policy (AB-07)
                refused, event = steps.limiter_down(hit, allowance, env, by)
            else:
                if wait is None:
                    continue
                refused, event = steps.over_limit(hit, env, by, wait)
            self._around.announce([event])
            if refused is not None:
                return refused
        return None

    async def _breach(self, command: Asks[R, A], env: Env, by: A) -> BreachCheck | None:
        if self._breached is None:
            return None
        password = steps.password_for_breach_check(command)
        if password is None:
            return None
        try:
            answer = await self._breached.check(password)
        except Exception:  # the check is an extra; its faults refuse nobody (PW-08)
            answer = BreachCheck.UNAVAILABLE
        if answer is BreachCheck.UNAVAILABLE:
            self._around.announce([steps.breach_check_down(env, by)])
        return answer

    async def _fact_holds(self, typed: tuple[str, str] | None, env: Env, by: Actor) -> bool | None:
        if self._order_facts is None or typed is None:
            return None
        try:
            return steps.held(await self._order_facts.holds(*typed))
        except Exception as error:  # not confirmed now, whatever it was: a fault must tell nothing
            fault = type(error)
        # Not in the handler: the trace of a callback that fails, too, would tell the words of the first error.
        self._around.announce([steps.fact_check_down(fault, env, by)])
        return False

    async def _decided(
        self, overtaken: Decision[R] | Refusal | None, command: Asks[R, A], facts: Facts, env: Env, by: A
    ) -> Decision[R] | Refusal:
        """Decide here, or in a thread where a password may be hashed: the event loop never waits for argon2."""
        if not (isinstance(command, Command) and type(command).hashes):
            return steps.decided_after(overtaken, command, facts, env, by)
        return await computed(self._threads, partial(steps.decided_after, overtaken, command, facts, env, by))

    async def _decide_and_write(self, command: Asks[R, A], by: A, env: Env) -> R | Refused:
        scope = steps.scope_of(command, by, env)
        breach: BreachCheck | None = None
        fact_holds: bool | None = None
        outcome: Decision[R] | Refusal | None = None
        for attempt in range(steps.ATTEMPTS):
            facts = await self._storage.read(scope)
            further = command.further_scope(facts, env)
            if further is not None:
                facts = facts.joined(further.parts, await self._storage.read(further))
            if attempt == 0:
                breach = await self._breach(command, env, by)
                fact_holds = await self._fact_holds(command.fact_to_check(), env, by)
            outcome = await self._decided(
                outcome, command, steps.with_answers(facts, breach, fact_holds), env, by
            )
            try:
                counts = await self._storage.write(outcome.changes) if outcome.changes else Counts()
            except StaleWriteError:
                continue
            self._around.announce(steps.events_of(outcome))
            if isinstance(outcome, Decision) and outcome.afterwards:
                await self._write_afterwards(outcome, env, by)
            return steps.result_of(outcome, counts)
        raise ConflictError(f"{type(command).__name__} was overtaken {steps.ATTEMPTS} times")

    async def _write_afterwards(self, outcome: Decision[R], env: Env, by: Actor) -> None:
        try:
            await self._storage.write(outcome.afterwards)
        except StaleWriteError:
            return  # a change of the password meanwhile wins over the rehash (HS-03)
        except Exception:  # the sign-in stands, whatever happens to its rehash (HS-04)
            self._around.announce([steps.afterwards_failed(by, env)])
