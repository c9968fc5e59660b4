"""What is known of a VAT number before the register is asked about it.

Who may ask: the system.  The workers and the checkout ask it before each question to the register.

* A number that nobody waits for is not asked any more and leaves the queue: its company has gone, or was given
  another number.
* Somebody at the checkout is answered from the evidence if the register said something clear a short while ago: a
  yes as long as ``Settings.vat_recheck_after``, a no for an hour only, since the tax office may have activated the
  number meanwhile.
* Otherwise the number is queued, so that the workers go on if the register is slower than the customer; while the
  checkout asks it, no worker does.
* While the register is paused nobody asks it (see `vat_pause`).
"""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import Field

from customer_accounts.actors import System
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.evidence import VatEvidenceRecord
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.vat_answer import clear_evidence, number_scope
from customer_accounts.features.vat_pause import is_paused
from customer_accounts.features.vat_queue import is_wanted
from customer_accounts.inputs import Line, Reference
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.vat import VatStatus

#: The time in which the checkout asks by itself, before a worker takes the number.
_OWN_TIME = timedelta(minutes=1)
#: For so long somebody at the checkout is taken to wait; carts are abandoned.
_WANTED = timedelta(days=1)
_A_NO_IS_YOUNG = timedelta(hours=1)


@frozen
class VatCheckup:
    """What is known of a number.

    Args:
        ask: whether the register shall be asked now.
        status: VALID, INVALID or PENDING, from the evidence.
        checked_at: time of that evidence, UTC, or None.
        evidence_id: id of that evidence, or None.
        paused: the register is not asked by anybody now.
    """

    ask: bool
    status: VatStatus = VatStatus.PENDING
    checked_at: datetime | None = None
    evidence_id: UUID | None = None
    paused: bool = False


class PrepareVatCheck(Command):
    """Say whether a number that waits in the queue shall be asked; one that nobody waits for leaves it.

    Args:
        number: in compact form.
        leased: the version of the check that was leased; one that was answered meanwhile is not asked.
    """

    actors: ClassVar = (System,)

    number: Reference
    leased: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return number_scope(self.number)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[VatCheckup] | Refusal:
        """See `Command.decide`."""
        waiting, paused = facts.vat_check(self.number), is_paused(facts, env.now)
        if waiting is None or waiting.version != self.leased:
            return Decision(VatCheckup(ask=False, paused=paused))
        if not is_wanted(facts, self.number, env.now):
            return Decision(VatCheckup(ask=False, paused=paused), (Remove(waiting),))
        return Decision(VatCheckup(ask=not paused, paused=paused))


class BeginVatCheckup(Command):
    """Give what is known of a number that somebody at the checkout has typed, and let it be asked.

    Args:
        number: in compact form.
        as_typed: what was typed, for the evidence.
        asks: whether the caller asks the register now; otherwise a worker does.
    """

    actors: ClassVar = (System,)

    number: Reference
    as_typed: Line = ""
    asks: bool = True

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return number_scope(self.number)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[VatCheckup] | Refusal:
        """See `Command.decide`."""
        known = clear_evidence(facts, self.number, env)
        if known is not None and _is_young(known, env.now):
            return Decision(VatCheckup(False, known.status, known.checked_at, known.id))
        paused = is_paused(facts, env.now)
        ask = self.asks and not paused
        changes = self._queued(facts.vat_check(self.number), env, ask=ask)
        return Decision(VatCheckup(ask=ask, paused=paused), changes)

    def _queued(self, waiting: VatCheckRecord | None, env: Env, *, ask: bool) -> list[Change]:
        due = env.now + _OWN_TIME if ask else env.now
        wanted = env.now + _WANTED
        if waiting is None:
            new = VatCheckRecord(number=self.number, as_typed=self.as_typed, due_at=due, wanted_until=wanted)
            return [insert(new)]
        # While the register fails the workers' back-off stands; the checkout asks for itself alone.
        later = max(due, waiting.due_at) if waiting.attempts else due
        changed = evolve(
            waiting, as_typed=self.as_typed or waiting.as_typed, due_at=later, wanted_until=wanted
        )
        return [] if changed == waiting else [update(waiting, changed)]


def _is_young(known: VatEvidenceRecord, now: datetime) -> bool:
    return known.status is VatStatus.VALID or now - known.checked_at < _A_NO_IS_YOUNG
