"""When the register asks for peace: nobody asks it, in no process, until it is over (RL-09).

* ``GLOBAL_*`` codes mean that the register is full for everybody: all states pause for minutes, longer each time.
* ``*_BLOCKED`` codes mean that the register blocks the shop.  Asking on would only lengthen it, so nothing is asked any
  more, by no worker and no checkout, until somebody has settled it with the register and says so with
  `ResumeVatChecks`.  The event VAT_REGISTER_BLOCKED is the alarm; `Accounts.on_event` gets it like every other.
* Orders go on meanwhile; their numbers wait (F25).

The pause is a record, so that all processes know of it and a restart forgets nothing.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from attrs import frozen

from customer_accounts.actors import Actor, Agent, System
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.evidence import VatPauseRecord
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind
from customer_accounts.vat import Retry, VatAnswer, VatStatus

#: The name under which the one register of a shop is paused.
REGISTER = "vat"
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=2)


@frozen
class VatChecksResumed:
    """The register is asked again.

    Args:
        code: why it was not, or None if it was not paused.
        since: since when.
    """

    code: str | None
    since: datetime | None


class ResumeVatChecks(Command):
    """Ask the register again, after somebody has settled with it why it blocked the shop."""

    actors: ClassVar = (Agent, System)

    def scope(self, actor: Agent | System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.VAT_PAUSES}), vat_register=REGISTER)

    def decide(
        self, facts: Facts, env: Env, actor: Agent | System, /
    ) -> Decision[VatChecksResumed] | Refusal:
        """See `Command.decide`."""
        pause = known_pause(facts)
        if pause is None:
            return Decision(VatChecksResumed(None, None))
        event = record_event(env, actor, EventKind.VAT_CHECKS_RESUMED, detail=pause.code)
        return Decision(VatChecksResumed(pause.code, pause.since), (Remove(pause), event))


def known_pause(facts: Facts) -> VatPauseRecord | None:
    """Give the pause that is stored, over or not."""
    return next((one for one in facts.vat_pauses if one.register == REGISTER), None)


def is_paused(facts: Facts, now: datetime) -> bool:
    """Whether the register is not asked now."""
    pause = known_pause(facts)
    return pause is not None and (pause.until is None or now < pause.until)


def paused_by(answer: VatAnswer, facts: Facts, env: Env, actor: Actor) -> list[Change]:
    """Give what an answer changes about the pause: it begins one, lengthens it, or shows that it is over."""
    known = known_pause(facts)
    if answer.retry is Retry.ALARM:
        if known is not None and known.until is None:
            return []
        blocked = VatPauseRecord(register=REGISTER, code=answer.code, since=env.now)
        event = record_event(env, actor, EventKind.VAT_REGISTER_BLOCKED, detail=answer.code)
        return [insert(blocked) if known is None else update(known, blocked), event]
    if answer.retry is Retry.PAUSE and not is_paused(facts, env.now):
        attempts = 1 if known is None else known.attempts + 1
        wait = min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
        full = VatPauseRecord(
            register=REGISTER, code=answer.code, since=env.now, until=env.now + wait, attempts=attempts
        )
        return [insert(full) if known is None else update(known, full)]
    is_over = known is not None and known.until is not None and answer.status is not VatStatus.UNVERIFIED
    return [Remove(known)] if known is not None and is_over else []
