"""What both runners do between their calls: all of it pure but for the clock and the random source.

read → decide → write: a command is admitted, its limits are counted, its facts are read, it is decided, its changes
are written; a write that was lost to somebody else is decided again, at most `ATTEMPTS` times.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.actors import Actor, SignedInCustomer
from customer_accounts.changes import Counts, RecordEvent
from customer_accounts.command import Asks, Command, Decision, Env, Refusal
from customer_accounts.errors import SettingsError
from customer_accounts.facts import Facts, Scope
from customer_accounts.generated_password import generate_password
from customer_accounts.hashing import Argon2Hasher, RememberingHasher
from customer_accounts.issue import event_of
from customer_accounts.limiting import Allowance, Hit
from customer_accounts.outbox import EventKind, EventRecord
from customer_accounts.password_policy import BreachCheck, unhashable
from customer_accounts.ports import EventSink, PasswordHasher
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings

R = TypeVar("R")
A = TypeVar("A", bound=Actor)

#: A lost race is decided again so often; then `ConflictError`.
ATTEMPTS = 5

#: So many random bytes are drawn at a time.
_AT_ONCE = 64

log = logging.getLogger("customer_accounts")


def utc_now() -> datetime:
    """Give the time of the machine in UTC."""
    return datetime.now(UTC)


def default_hasher(settings: Settings) -> Argon2Hasher:
    """Give argon2id with the parameters of the settings (HS-01)."""
    return Argon2Hasher(settings.hashing, allow_cheap=settings.allow_cheap_hashing)


def in_utc(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Give a clock of the same moments in UTC: sums of times in a zone are wrong where its summer time begins or ends.

    Raises:
        SettingsError: *clock* gives times without a zone.
    """
    if clock().tzinfo is None:
        raise SettingsError("the clock gives times without a zone: give one such as datetime.now(UTC)")
    return clock if clock is utc_now else lambda: clock().astimezone(UTC)


@frozen
class Surroundings:
    """What a runner was built with, besides storage, limiter and the checks of passwords and facts."""

    settings: Settings
    hasher: PasswordHasher
    on_event: EventSink | None
    clock: Callable[[], datetime] = field(converter=in_utc)
    random: Callable[[int], bytes] = secrets.token_bytes

    def env(self) -> Env:
        """Make the surroundings of one call: one time, one memory for hashes, one generated password."""
        made: list[str] = []
        rest = b""

        def random(count: int) -> bytes:
            # A call needs several ids and a link; the system is asked once for all of them.
            nonlocal rest
            if count > len(rest):
                rest = self.random(max(count, _AT_ONCE))
            taken, rest = rest[:count], rest[count:]
            return taken

        def generated() -> str:
            if not made:
                made.append(generate_password(self.random))
            return made[0]

        return Env(
            now=self.clock(),
            settings=self.settings,
            hasher=RememberingHasher(self.hasher),
            random=random,
            new_id=lambda: UUID(bytes=random(16), version=4),
            generated=generated,
        )

    def announce(self, events: Iterable[EventRecord]) -> None:
        """Tell the host's callback; its faults are logged and stop nothing."""
        if self.on_event is None:
            return
        for event in events:
            try:
                self.on_event(event)
            except Exception:
                log.exception("the event callback failed on %s", event.kind)


def not_admitted(command: Asks[R, A], actor: A, settings: Settings) -> Refused | None:
    """Refuse actors that the command does not accept, before the storage is touched."""
    if not isinstance(command, Command) or not isinstance(actor, type(command).actors):
        return Refused(Reason.NOT_ALLOWED)
    if settings.storefront_at(actor.storefront) is None:
        return Refused(Reason.UNKNOWN_STOREFRONT)
    return None


def over_limit(hit: Hit, env: Env, actor: Actor, wait: Any) -> tuple[Refused, EventRecord]:
    """Refuse what is over a limit, with the time to wait."""
    event = event_of(env, actor, EventKind.LIMITED, detail=hit.limit)
    return Refused(Reason.TOO_MANY_ATTEMPTS, retry_after=wait), event


def limiter_down(
    hit: Hit, allowance: Allowance, env: Env, actor: Actor
) -> tuple[Refused | None, EventRecord]:
    """Let pass or refuse by the stated policy when the limiter itself fails (AB-07)."""
    log.exception("the rate limiter failed on %s", hit.limit)
    event = event_of(env, actor, EventKind.LIMITER_DOWN, detail=hit.limit)
    return None if allowance.open_on_outage else Refused(Reason.BUSY), event


def scope_of(command: Asks[R, A], actor: A, env: Env) -> Scope:
    """Give the command's scope, with the acting account where somebody is signed in."""
    scope = command.scope(actor, env)
    return scope.for_account(actor.account_id) if isinstance(actor, SignedInCustomer) else scope


def password_for_breach_check(command: Asks[R, A]) -> str | None:
    """Give the password that is worth looking up: one that the policy could accept."""
    password = command.password_to_set()
    return None if password is None or unhashable(password) is not None else password


def with_answers(facts: Facts, breach: BreachCheck | None, fact_holds: bool | None) -> Facts:
    """Add what the breach check and the check of an order's fact answered, where they were asked."""
    if breach is None and fact_holds is None:
        return facts
    return evolve(facts, breach=breach, fact_holds=fact_holds)


def held(answer: object) -> bool:
    """Read the answer of the host's check; only a bool is one, and a coroutine that nobody awaited is true.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(answer, bool):
        raise TypeError("the check of an order's fact must answer with a bool")
    return answer


def decided_after(
    overtaken: Decision[R] | Refusal | None, command: Asks[R, A], facts: Facts, env: Env, actor: A
) -> Decision[R] | Refusal:
    """Decide, for the first time or after a decision that was overtaken."""
    outcome = decided(command, facts, env, actor)
    if isinstance(outcome, Refusal) and isinstance(overtaken, Decision) and overtaken.otherwise is not None:
        return overtaken.otherwise(facts)
    return outcome


def decided(command: Asks[R, A], facts: Facts, env: Env, actor: A) -> Decision[R] | Refusal:
    """Decide, after the session of a signed-in customer was compared with the account (SE-01)."""
    if isinstance(actor, SignedInCustomer):
        account = facts.account(actor.account_id)
        if account is None or account.session_epoch != actor.session_epoch:
            return Refusal(Refused(Reason.SESSION_ENDED))
    return command.decide(facts, env, actor)


def result_of(outcome: Decision[R] | Refusal, counts: Counts) -> R | Refused:
    """Give what the caller gets."""
    if isinstance(outcome, Refusal):
        return outcome.refused
    return outcome.result if outcome.counted is None else outcome.counted(counts)


def events_of(outcome: Decision[R] | Refusal) -> Iterator[EventRecord]:
    """Give the events to announce: those that were written, and those that nothing holds."""
    yield from (change.event for change in outcome.changes if isinstance(change, RecordEvent))
    yield from outcome.announce


def afterwards_failed(actor: Actor, env: Env) -> EventRecord:
    """Say that the write after a success failed; the success stands (HS-04)."""
    log.exception("the write after a sign-in failed")
    return event_of(env, actor, EventKind.REHASH_FAILED)


def breach_check_down(env: Env, actor: Actor) -> EventRecord:
    """Say that the breach check could not answer; the password passes (PW-08)."""
    return event_of(env, actor, EventKind.BREACH_CHECK_DOWN)


def fact_check_down(fault: type[Exception], env: Env, actor: Actor) -> EventRecord:
    """Say that the host's check of an order's fact failed; its own words may hold the fact and are not logged."""
    log.error("the check of an order's fact failed: %s", fault.__name__)
    return event_of(env, actor, EventKind.FACT_CHECK_DOWN)
