"""`Accounts`: the runner for sync hosts such as Django and Flask."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, Self, TypeVar

from customer_accounts.accounts import steps
from customer_accounts.accounts.dead_letters import no_outbox, requeueing
from customer_accounts.accounts.limiter import MemoryRateLimiter
from customer_accounts.accounts.mail_delivery import Composer, DeliveryReport, refused_inside
from customer_accounts.accounts.mail_run import MailMetrics, MetricsSink, Pace, metrics
from customer_accounts.accounts.mail_worker import MailWorker
from customer_accounts.accounts.retention import purges
from customer_accounts.accounts.vat_asking import Asking
from customer_accounts.accounts.vat_checkout import CheckedVatNumber
from customer_accounts.accounts.vat_checks import Progress, VatReport
from customer_accounts.accounts.vat_worker import VatWorker
from customer_accounts.actors import Actor, Agent, System
from customer_accounts.changes import Counts
from customer_accounts.command import Asks, Decision, Env, Refusal
from customer_accounts.errors import ConflictError, RefusedError, StaleWriteError
from customer_accounts.hashing import HasherBusyError
from customer_accounts.outbox import MailRecord, MailStatus
from customer_accounts.password_policy import BreachCheck
from customer_accounts.ports import (
    BreachedPasswords,
    EventSink,
    Mailer,
    OrderFactCheck,
    Outbox,
    PasswordHasher,
    RateLimiter,
    Storage,
    VatRegister,
)
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings
from customer_accounts.vat import VatNumber

_PACE = Pace()

R = TypeVar("R")
A = TypeVar("A", bound=Actor)


class Accounts:
    """The shop's accounts: give it commands with `handle`, and let workers send the mail.

    Args:
        storage: where records live.
        settings: what the shop decides.
        hasher: the password hasher; by default argon2id with the parameters of the settings.
        limiter: counts tries; by default in this process's memory.
        breached: an optional check for breached passwords.
        order_facts: checks what only the host knows of an order; without it `customer_accounts.ClaimOrder` takes no
            such fact.
        vat_register: the register of VAT numbers that `check_vat` and `check_vat_numbers` ask.
        on_event: called after each commit with every audit event; inside a transaction of the host (`within`)
            once the library has written, before the host commits.
        clock: gives the time, with its zone.

    Raises:
        SettingsError: *clock* gives times without a zone.
        TypeError: *storage* is an async one.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        *,
        hasher: PasswordHasher | None = None,
        limiter: RateLimiter | None = None,
        breached: BreachedPasswords | None = None,
        order_facts: OrderFactCheck | None = None,
        vat_register: VatRegister | None = None,
        on_event: EventSink | None = None,
        clock: Callable[[], datetime] = steps.utc_now,
    ) -> None:
        if iscoroutinefunction(getattr(storage, "read", None)):
            raise TypeError(
                "Accounts waits for no storage that has to be awaited: AsyncAccounts takes this one"
            )
        self.settings = settings
        self._storage = storage
        self._breached = breached
        self._order_facts = order_facts
        self._vat_register = vat_register
        self._asking = Asking()
        self._joined = False
        self._around = steps.Surroundings(settings, hasher or steps.default_hasher(settings), on_event, clock)
        self._limiter = limiter or MemoryRateLimiter(self._around.clock)

    def handle(self, command: Asks[R, A], *, by: A) -> R | Refused:
        """Run a command and give its result, or the refusal.

        Args:
            command: what is asked.
            by: who asks; the type checker knows which actors a command accepts.

        Raises:
            ConflictError: others changed the same records five times in a row.
        """
        refused = steps.not_admitted(command, by, self.settings)
        if refused is not None:
            return refused
        env = self._around.env()
        refused = self._limited(command, by, env)
        if refused is not None:
            return refused
        try:
            return self._decide_and_write(command, by, env)
        except HasherBusyError:
            return Refused(Reason.BUSY)

    def require(self, command: Asks[R, A], *, by: A) -> R:
        """Run a command and give its result.

        Raises:
            RefusedError: it was refused; the error holds the refusal.
            ConflictError: others changed the same records five times in a row.
        """
        result = self.handle(command, by=by)
        if isinstance(result, Refused):
            raise RefusedError(result)
        return result

    def within(self, connection: Any) -> Self:
        """Give the same accounts inside the host's open transaction, which the host commits or rolls back.

        Raises:
            TypeError: the storage cannot join a transaction.
        """
        join = getattr(self._storage, "within", None)
        if join is None:
            raise TypeError(f"{type(self._storage).__name__} cannot join a transaction of the host")
        joined = object.__new__(type(self))
        joined.__dict__.update(self.__dict__)
        joined._storage = join(connection)
        joined._joined = True
        return joined

    def deliver_mail(
        self, mailer: Mailer, *, limit: int = 1000, compose: Composer | None = None
    ) -> DeliveryReport:
        """Send what waits in the outbox, at least once and always under the same Message-ID.

        Args:
            mailer: hands messages to a mail server.
            limit: stop after so many mails.
            compose: writes the mails; by default `customer_accounts.mail.compose` with the texts of this library.

        Raises:
            TypeError: these accounts are inside a host's transaction (`within`): a rollback would have the mails sent
                again.  So does `run_mail_worker`.
        """
        return self._mail_worker(mailer, compose).once(limit)

    def run_mail_worker(
        self,
        mailer: Mailer,
        *,
        stop: threading.Event | None = None,
        compose: Composer | None = None,
        pace: Pace = _PACE,
        on_metrics: MetricsSink | None = None,
    ) -> DeliveryReport:
        """Send what becomes due, until told to stop; the mail that is being sent is finished, others are given back.

        Args:
            mailer: hands messages to a mail server.
            stop: set it from a signal handler or another thread; without one the worker runs until it is interrupted.
            compose: see `deliver_mail`.
            pace: how long to wait between rounds, and after faults.
            on_metrics: called after each round; see `MailMetrics`.

        Raises:
            TypeError: *on_metrics* is given, and the storage is no `customer_accounts.ports.Outbox`.
        """
        if on_metrics is not None:
            self._outbox()
        worker = self._mail_worker(mailer, compose)
        return worker.forever(stop or threading.Event(), pace, on_metrics)

    def mail_metrics(self) -> MailMetrics:
        """Give the numbers of the outbox at this moment.

        Raises:
            TypeError: the storage is no `customer_accounts.ports.Outbox`; so do the two methods below.
        """
        return metrics(self._outbox().backlog(), self._around, DeliveryReport())

    def dead_mails(self, *, after: MailRecord | None = None, limit: int = 100) -> Sequence[MailRecord]:
        """Give mails that were given up, those due longest ago first; the next page begins *after* the last one."""
        key = None if after is None else (after.due_at, after.id)
        return self._outbox().mails(MailStatus.DEAD, after=key, limit=limit)

    def requeue_mail(self, mail: MailRecord, *, by: Agent | System) -> bool:
        """Queue a dead mail again, its tries counted anew; False if it is not dead (any more).

        A mail whose link has expired meanwhile is dropped when its turn comes, with that reason.
        """
        event = requeueing(mail, by, self._around.clock())
        done = self._outbox().requeue(mail.id, due_at=event.at, event=event)
        if done:
            self._around.announce([event])
        return done

    def check_vat(
        self,
        number: VatNumber | str,
        wait: float = 2.0,
        *,
        country: str | None = None,
        register: VatRegister | None = None,
    ) -> CheckedVatNumber:
        """Say what is known of a VAT number while a customer waits: VALID, INVALID or PENDING.

        Without a register nobody is asked here; the number is looked up and waits for the worker.

        Args:
            number: as typed, or read already.
            wait: seconds that the register has; reading and writing the storage come on top.
            country: where the customer is, for a number without its prefix.
            register: another one than the runner's.
        """
        return self._vat_worker(register).check(number, country, wait, self._asking)

    def check_vat_numbers(
        self,
        register: VatRegister | None = None,
        *,
        limit: int = 1000,
        at_once: int = 1,
        progress: Progress | None = None,
    ) -> VatReport:
        """Ask the register about the numbers that wait; run it every few minutes, in as many processes as you like.

        A run that was stopped is taken up by the next one: each number is leased, and recorded by itself.

        Args:
            register: another one than the runner's; whatever it raises is no answer, and is asked again later.
            limit: stop after so many numbers.
            at_once: questions under way at a time; the next one begins as soon as one is answered.
            progress: called with the report so far after each number.

        Raises:
            TypeError: there is no register.
            ValueError: *at_once* is below one.
        """
        worker = self._vat_worker(register)
        if worker.register is None:
            raise TypeError("give the register to the runner or to the call")
        return worker.run(limit, at_once, progress)

    def purge(self) -> Counts:
        """Delete what expired or was kept long enough; run it once a day."""
        return self._storage.write(purges(self.settings, self._around.clock()))

    def _outbox(self) -> Outbox:
        if not isinstance(self._storage, Outbox):
            raise no_outbox(self._storage)
        return self._storage

    def _mail_worker(self, mailer: Mailer, compose: Composer | None) -> MailWorker:
        if self._joined:
            raise refused_inside()
        return MailWorker(self._storage, self._around, mailer, compose)

    def _vat_worker(self, register: VatRegister | None) -> VatWorker:
        return VatWorker(self.handle, self._storage, self._around, register or self._vat_register)

    def _limited(self, command: Asks[R, A], by: A, env: Env) -> Refused | None:
        for hit in command.limits(by, self.settings):
            allowance = self.settings.limits[hit.limit]
            try:
                wait = self._limiter.hit(hit.key, allowance)
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

    def _breach(self, command: Asks[R, A], env: Env, by: A) -> BreachCheck | None:
        if self._breached is None:
            return None
        password = steps.password_for_breach_check(command)
        if password is None:
            return None
        try:
            answer = self._breached.check(password)
        except Exception:  # the check is an extra; its faults refuse nobody (PW-08)
            answer = BreachCheck.UNAVAILABLE
        if answer is BreachCheck.UNAVAILABLE:
            self._around.announce([steps.breach_check_down(env, by)])
        return answer

    def _fact_holds(self, typed: tuple[str, str] | None, env: Env, by: Actor) -> bool | None:
        if self._order_facts is None or typed is None:
            return None
        try:
            return steps.held(self._order_facts.holds(*typed))
        except Exception as error:  # not confirmed now, whatever it was: a fault must tell nothing
            fault = type(error)
        # Not in the handler: the trace of a callback that fails, too, would tell the words of the first error.
        self._around.announce([steps.fact_check_down(fault, env, by)])
        return False

    def _decide_and_write(self, command: Asks[R, A], by: A, env: Env) -> R | Refused:
        scope = steps.scope_of(command, by, env)
        breach: BreachCheck | None = None
        fact_holds: bool | None = None
        outcome: Decision[R] | Refusal | None = None
        for attempt in range(steps.ATTEMPTS):
            facts = self._storage.read(scope)
            further = command.further_scope(facts, env)
            if further is not None:
                facts = facts.joined(further.parts, self._storage.read(further))
            if attempt == 0:
                breach = self._breach(command, env, by)
                fact_holds = self._fact_holds(command.fact_to_check(), env, by)
            outcome = steps.decided_after(
                outcome, command, steps.with_answers(facts, breach, fact_holds), env, by
            )
            try:
                counts = self._storage.write(outcome.changes) if outcome.changes else Counts()
            except StaleWriteError:
                continue
            self._around.announce(steps.events_of(outcome))
            if isinstance(outcome, Decision) and outcome.afterwards:
                self._write_afterwards(outcome, env, by)
            return steps.result_of(outcome, counts)
        raise ConflictError(f"{type(command).__name__} was overtaken {steps.ATTEMPTS} times")

    def _write_afterwards(self, outcome: Decision[R], env: Env, by: Actor) -> None:
        try:
            self._storage.write(outcome.afterwards)
        except StaleWriteError:
            return  # a change of the password meanwhile wins over the rehash (HS-03)
        except Exception:  # the sign-in stands, whatever happens to its rehash (HS-04)
            self._around.announce([steps.afterwards_failed(by, env)])
