"""One guest order joins with a second fact: an older one, or one that was placed under a mistyped address.

* `ClaimOrder`: a signed-in customer whose address is proven gives the number and the postcode that was typed with
  the order, or a fact that the host checks (`customer_accounts.ports.OrderFactCheck`).  Wrong, unknown and not to be
  checked now are answered alike, and tries are counted by account and by number; when the limiter is down, nothing
  is tried.
* A number is looked for as it was typed; where nobody has it so, also with and without a "#", in capitals and in small
  letters.  A fact is of the number that the host was asked about, letter for letter.
* The host is asked about numbers that nobody has, too, and knows an order by its number only: where two orders have
  the same one, its answer brings none.
* Number and postcode stand on every parcel.  So they make good for the age of an order and for a slip in its
  address (`customer_accounts.near_miss`), and not for a stranger's address; a shop may decide
  otherwise (`Settings.claim_coverage`).  An address that has an account of its own is nobody's slip.
* `ClaimWithEvidence`: staff adds what it has seen, the shop's own machinery what it has checked (the last digits of
  a card, an order in the shop's app), and each says what it was.  It stands in the record of the claim.
* A disputed order and one that somebody owns never join.  The owner is told by mail, with the way back.

Refusals: NOT_ALLOWED for an account whose address is not proven, for a fact where the host checks none and for what
may not join, ORDER_OWNED and ORDER_DISPUTED (staff and machinery only), NOT_FOUND, EMAIL_INVALID.
Mails: GUEST_ORDERS_CLAIMED.
"""

import re
from collections.abc import Sequence
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import evolve
from pydantic import StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.changes import OrderSelection, update
from customer_accounts.claim import ClaimCause, Grade
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.claim_plan import plan_claim
from customer_accounts.features.claiming import Ground, claim, claimant_of
from customer_accounts.features.guest_claim import Claimed
from customer_accounts.features.single_claim import is_address_covered, may_join, orders_joined
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import Line, Reference, TypedEmail, TypedFact
from customer_accounts.issue import event_of
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.order import OrderRecord, bare_number, best_spelled, number_spellings
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings

_PARTS = frozenset({Part.ACCOUNTS, Part.ORDERS, Part.ADDRESSES})
_PREFIX = re.compile(r"[A-Z]{1,2}-(?=[0-9])")


class ClaimOrder(Command):
    """Bring one guest order into the account, by its number and a second fact.

    Args:
        number: as printed for the customer, or nearly so.
        postcode: the one that was typed with the order, or
        fact: what the host checks, such as the last digits of a card; it is stored and logged nowhere.
    """

    actors: ClassVar = (SignedInCustomer,)

    number: Annotated[Line, StringConstraints(max_length=64)]
    postcode: Annotated[Line, StringConstraints(max_length=32)] | None = None
    fact: TypedFact | None = None

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if (self.postcode is None) == (self.fact is None):
            return PydanticCustomError("postcode_or_fact", "give a postcode or a fact")
        return None

    def fact_to_check(self) -> tuple[str, str] | None:
        """See `Command.fact_to_check`."""
        return None if self.fact is None else (bare_number(self.number), self.fact.get_secret_value())

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        number = bare_number(self.number).upper()  # every spelling is a try at the same order
        tries = ((Limit.CLAIM_ACCOUNT, str(actor.account_id)), (Limit.CLAIM_NUMBER, number))
        return (*write_of(actor), *hits(*tries))

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        numbers = number_spellings(self.number)
        return Scope(parts=_PARTS, account_id=actor.account_id, order_numbers=numbers)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[Claimed] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        if not claimant_of(account, facts, env).proven:
            return refuse(Reason.NOT_ALLOWED)
        if self.fact is not None and facts.fact_holds is None:
            return refuse(Reason.NOT_ALLOWED, about="fact")
        right = self._proven(facts)
        own = next((one for one in right if one.owner == account.id), None)
        if own is not None:
            return Decision(Claimed(0, own.claim_id))
        coverage = env.settings.claim_coverage[Grade.SECOND_FACT]
        fitting = [one for one in right if may_join(one, account, coverage, facts, env)]
        if len(fitting) != 1:
            detail = "number postcode" if self.fact is None else "number host_fact"
            tried = event_of(env, actor, EventKind.CLAIM_REFUSED, email=account.email, detail=detail)
            return Refusal(refuse(Reason.NOT_FOUND, about="number").refused, announce=(tried,))
        shown = "order_number postcode" if self.fact is None else "order_number host_fact"
        ground = Ground(cause=ClaimCause.CUSTOMER, grade=Grade.SECOND_FACT, facts=shown)
        return orders_joined(
            account, fitting, OrderSelection(reference=fitting[0].reference), ground, facts, env, actor
        )

    def _proven(self, facts: Facts) -> Sequence[OrderRecord]:
        """Give the orders of this number that the second fact is true of."""
        if self.postcode is not None:
            meant = best_spelled(facts.orders, self.number)
            return [one for one in meant if _same_postcode(one.postcode, self.postcode)]
        # The host was asked about the number as it was typed: which of two orders it meant nobody knows.
        asked = [one for one in facts.orders if bare_number(one.number) == bare_number(self.number)]
        return asked if facts.fact_holds and len(asked) == 1 else ()


class ClaimWithEvidence(Command):
    """Bring guest orders into an account on evidence that staff has seen or the shop has checked.

    Args:
        account_id: the account that the orders join.
        reference: one order, or
        email: all guest orders under this address.
        fact: what was seen or checked, for the record.
        reason: why, for the record.
    """

    actors: ClassVar = (Agent, System)

    account_id: UUID
    reference: Reference | None = None
    email: TypedEmail = ""
    fact: Annotated[Reference, StringConstraints(max_length=200)]
    reason: Annotated[Line, StringConstraints(max_length=200)] = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if (self.reference is None) == (not self.email):
            return PydanticCustomError("order_or_address", "give a reference or an email")
        return None

    def scope(self, actor: Agent | System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(
            parts=_PARTS | {Part.GUEST_ORDERS},
            account_id=self.account_id,
            order=self.reference,
            email_keys=(email_key_of(self.email),) if self.email else (),
        )

    def decide(self, facts: Facts, env: Env, actor: Agent | System, /) -> Decision[Claimed] | Refusal:
        """See `Command.decide`."""
        account = facts.account(self.account_id)
        if account is None:
            return refuse(Reason.NOT_FOUND, about="account_id")
        by_staff = isinstance(actor, Agent)
        ground = Ground(
            cause=ClaimCause.SUPPORT if by_staff else ClaimCause.CUSTOMER,
            grade=Grade.SUPPORT if by_staff else Grade.SECOND_FACT,
            facts=self.fact,
            reason=self.reason,
        )
        if self.reference is not None:
            return self._one(self.reference, account, ground, facts, env, actor)
        return self._all(account, ground, facts, env, actor)

    def _one(
        self, reference: str, account: AccountRecord, ground: Ground, facts: Facts, env: Env,
        actor: Agent | System,
    ) -> Decision[Claimed] | Refusal:  # fmt: skip
        order = facts.order(reference)
        if order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        if order.owner == account.id:
            return Decision(Claimed(0, order.claim_id))
        if order.owner is not None:
            return refuse(Reason.ORDER_OWNED, about="reference")
        if order.disputed:
            return refuse(Reason.ORDER_DISPUTED, about="reference")
        if not may_join(order, account, env.settings.claim_coverage[ground.grade], facts, env):
            return refuse(Reason.NOT_ALLOWED, about="reference")
        return orders_joined(account, [order], OrderSelection(reference=reference), ground, facts, env, actor)

    def _all(
        self, account: AccountRecord, ground: Ground, facts: Facts, env: Env, actor: Agent | System
    ) -> Decision[Claimed] | Refusal:
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        coverage = env.settings.claim_coverage[ground.grade]
        if not is_address_covered(email.key, account, coverage, facts):
            return refuse(Reason.NOT_ALLOWED, about="email")
        groups = [one for one in facts.guest_orders if one.email_key == email.key]
        since = None if coverage.within is None else env.now - coverage.within
        plan = plan_claim(
            evolve(claimant_of(account, facts, env), proven=True), groups, evolve(coverage, within=None)
        )
        if not plan.joins:
            return Decision(Claimed(0))
        claiming = claim(account, plan, OrderSelection(email.key, since), ground, facts, env, actor)
        result = Claimed(claiming.planned, claiming.claim_id)
        return Decision(
            result,
            [update(account, claiming.account), *claiming.changes],
            counted=lambda counts: evolve(result, claimed=claiming.moved(counts)),
        )


def _same_postcode(stored: str, typed: str) -> bool:
    """Whether two postcodes are one, typed in two ways; an order without one has no second fact."""
    return _plain_postcode(stored) == _plain_postcode(typed) != ""


def _plain_postcode(text: str) -> str:
    return re.sub(r"[\s.-]", "", _PREFIX.sub("", text.strip().upper()))
