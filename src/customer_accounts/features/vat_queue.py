"""The queue of VAT numbers that wait for the register: each number waits once, whoever waits for it.

* A number is due at once for somebody new; a number that is due already, or is being asked at this moment, is
  left alone, so that no two workers ask it.
* After an answer that is none it waits minutes, later hours; after a clear one until shortly before that
  answer is too old, as long as an account has the number; then nobody waits, and it leaves the queue.
* A no is doubted once if the register of that state was failing at the same time: it is asked again soon.
"""

from datetime import datetime, timedelta

from attrs import evolve

from customer_accounts.account import AccountRecord, Company
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Env
from customer_accounts.facts import Facts
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.vat import VatAnswer, VatStatus

_FIRST_WAIT = timedelta(minutes=5)
#: Registers of single states are down for a night, seldom longer.
_LONGEST_WAIT = timedelta(hours=12)
#: An outage of a state that tells false answers is over, or known as one.
_DOUBT_WAIT = timedelta(hours=1)
#: Share of the life of a clear answer after which it is asked again; the rest is for outages.
_ASK_AGAIN_AFTER = 0.8


def queued(
    number: str,
    as_typed: str,
    facts: Facts,
    env: Env,
    *,
    due_at: datetime | None = None,
    wanted_until: datetime | None = None,
) -> list[Change]:
    """Let a number wait for the register, at once unless *due_at* says otherwise; one that is due is left alone.

    Args:
        number: in compact form.
        as_typed: what the customer typed.
        facts: with the checks of that number.
        env: the surroundings of the command.
        due_at: not asked before this time.
        wanted_until: somebody at the checkout waits for it until then.
    """
    due = due_at or env.now
    waiting = facts.vat_check(number)
    if waiting is None:
        new = VatCheckRecord(number=number, due_at=due, as_typed=as_typed, wanted_until=wanted_until)
        return [insert(new)]
    later = max(filter(None, (waiting.wanted_until, wanted_until)), default=None)
    # One that is due may be leased at this moment; its time and its lease are not touched.
    changed = evolve(waiting, wanted_until=later, due_at=min(waiting.due_at, max(due, env.now)))
    is_due = waiting.due_at <= env.now
    return [] if changed == waiting or is_due else [update(waiting, changed)]


def queued_for_order(number: str, facts: Facts, env: Env) -> list[Change]:
    """Let the number of an order wait: at once if nobody has asked, else soon, as after a first failure."""
    waiting = facts.vat_check(number)
    if waiting is None:
        return queued(number, "", facts, env, due_at=env.now)
    # An answer that is being recorded at this moment has not seen the order: it is overtaken, and decided again.
    return queued(number, "", facts, env, due_at=env.now + _FIRST_WAIT) or [update(waiting, waiting)]


def is_wanted(facts: Facts, number: str, now: datetime) -> bool:
    """Whether anybody waits for what the register says: an account, an order, or somebody at the checkout."""
    waiting = facts.vat_check(number)
    at_checkout = waiting is not None and waiting.wanted_until is not None and now <= waiting.wanted_until
    return at_checkout or bool(facts.order_vat) or bool(holders_of(number, facts))


def holders_of(number: str, facts: Facts) -> list[tuple[AccountRecord, Company]]:
    """Give the open accounts of companies with this number, each with its company."""
    return [
        (one, one.company)
        for one in facts.accounts
        if one.is_open and one.company is not None and one.company.vat_number == number
    ]


def next_check(
    answer: VatAnswer,
    waiting: VatCheckRecord | None,
    env: Env,
    *,
    held: bool,
    open_orders: bool,
    doubtful: bool,
) -> VatCheckRecord | None:
    """Give the check as it waits after an answer, or None if nobody waits any more.

    Args:
        answer: what the register said.
        waiting: the check that waits now, if one does.
        env: the surroundings of the command.
        held: whether an account has the number.
        open_orders: whether an order waits for it after this answer.
        doubtful: the register of that state was failing at the same time.
    """
    old = waiting or VatCheckRecord(number=answer.number, due_at=env.now)
    free = evolve(old, leased_until=None, attempts=0, doubted=False)
    at_checkout = old.wanted_until is not None and env.now <= old.wanted_until
    if answer.status is VatStatus.UNVERIFIED:
        attempts = old.attempts + 1
        due = env.now + back_off(attempts)
        asked_on = held or open_orders or at_checkout
        return evolve(free, attempts=attempts, due_at=due, doubted=old.doubted) if asked_on else None
    if doubts(answer, waiting, doubtful=doubtful):
        return evolve(free, doubted=True, due_at=env.now + _DOUBT_WAIT)
    if held:
        return evolve(free, due_at=env.now + env.settings.vat_recheck_after * _ASK_AGAIN_AFTER)
    return None


def doubts(answer: VatAnswer, waiting: VatCheckRecord | None, *, doubtful: bool) -> bool:
    """Whether a no is asked once more before it counts for orders."""
    once = waiting is None or not waiting.doubted
    return doubtful and once and answer.status is VatStatus.INVALID


def requeued(waiting: VatCheckRecord | None, check: VatCheckRecord | None) -> list[Change]:
    """Give the change from the check that waits to the one that shall wait."""
    if check is None:
        return [] if waiting is None else [Remove(waiting)]
    if waiting is None:
        return [insert(check)]
    return [] if check == waiting else [update(waiting, check)]


def back_off(attempts: int) -> timedelta:
    """Give 5 minutes, 10, 20 and so on, up to half a day."""
    doublings = min(attempts - 1, 10)  # more would only make a number that is cut off below
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
