"""Staff answers those who wrote in the contact form (F16).

* `ConversionRequests` shows the queue of one state to an agent, the oldest first.  `TakeRequest` says who works
  on it.  `AskCustomer` asks one of a few fixed questions by mail, in the customer's language; the request
  then waits for the customer.  `RefuseRequest` ends it with one of a few fixed reasons, `FinishRequest` when
  the customer has what was asked for, such as an invitation (`customer_accounts.features.support`).
* Questions and reasons are fixed, so that nothing that was typed goes into a mail (LG-05).
* What is closed stays closed: REQUEST_CLOSED.  The same command again does nothing more.

Refusals: NOT_FOUND, REQUEST_CLOSED, PERMISSION_MISSING.
Mails: REQUEST_QUESTION, REQUEST_REFUSED, to the address that was typed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.actors import Agent
from customer_accounts.casework import ConversionRequestRecord, RequestState
from customer_accounts.changes import Change, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.conversion_requests import NEXT_STATES, request_in
from customer_accounts.features.four_eyes import Cursor, PageSize, case_page, not_permitted
from customer_accounts.features.my_orders import cursor_at
from customer_accounts.inputs import NAMED
from customer_accounts.issue import queue_mail, record_event
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason

_PARTS = frozenset({Part.REQUESTS})


class Question(StrEnum):
    """What an agent can ask back; each has its text in three languages."""

    ORDER_NUMBER = "order_number"
    POSTCODE = "postcode"
    OTHER_ADDRESS = "other_address"


class WhyRefused(StrEnum):
    """Why a request is refused; each has its text in three languages, but for SPAM, which nobody is told."""

    NO_ORDER = "no_order"
    NOT_PROVEN = "not_proven"
    SPAM = "spam"


@frozen
class ConversionRequest:
    """A request as an agent sees it.

    Args:
        agent: the id of who has taken it, or empty.
        note: the last question or the reason of the refusal.
    """

    id: UUID
    state: RequestState
    email: str = field(repr=False)
    name: str = field(repr=False)
    order_number: str = field(repr=False)
    message: str = field(repr=False)
    locale: str
    agent: str
    note: str
    created_at: datetime
    changed_at: datetime


@frozen
class RequestPage:
    """One page of the queue, the oldest first; ``next`` goes into `ConversionRequests.after`, None at the end."""

    requests: tuple[ConversionRequest, ...]
    next: str | None


class ConversionRequests(Command):
    """Show the queue of written requests in one state, a page at a time.

    Args:
        after: the ``next`` of the page before, or None for the first page.
        limit: requests on a page, 1 to 100; a page of 100 may be followed by an empty one.
    """

    actors: ClassVar = (Agent,)

    state: Annotated[RequestState, NAMED] = RequestState.OPEN
    after: Cursor = None
    limit: PageSize = 20

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        page = case_page(self.after, self.limit)
        return Scope(parts=_PARTS, cases=None if page is None else evolve(page, state=self.state))

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[RequestPage] | Refusal:
        """See `Command.decide`."""
        refusal = not_permitted(AgentTask.ANSWER_REQUEST, env, actor)
        if refusal is not None:
            return refusal
        if case_page(self.after, self.limit) is None:
            return refuse(Reason.NOT_FOUND, about="after")
        shown = facts.requests[: self.limit]
        more = len(facts.requests) == min(self.limit + 1, 100)
        place = cursor_at(shown[-1].created_at, shown[-1].id) if more else None
        return Decision(RequestPage(tuple(map(_shown, shown)), place))


class TakeRequest(Command):
    """Say that one works on a request, for colleagues to see; one of them may take it over."""

    actors: ClassVar = (Agent,)

    request_id: UUID

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, case=self.request_id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[ConversionRequest] | Refusal:
        """See `Command.decide`."""
        known = _known(self.request_id, facts, env, actor)
        if isinstance(known, Refusal):
            return known
        if known.agent == actor.id:
            return Decision(_shown(known))
        if not NEXT_STATES[known.state]:
            return refuse(Reason.REQUEST_CLOSED, about="request_id")
        taken = evolve(request_in(known, known.state, env), agent=actor.id)
        event = record_event(env, actor, EventKind.REQUEST_TAKEN, email=known.email, detail=str(known.id))
        return Decision(_shown(taken), (update(known, taken), event))


class AskCustomer(Command):
    """Ask the writer of a request one of the fixed questions by mail; the request waits for the answer."""

    actors: ClassVar = (Agent,)

    request_id: UUID
    about: Annotated[Question, NAMED]

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, case=self.request_id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[ConversionRequest] | Refusal:
        """See `Command.decide`."""
        told = MailPurpose.REQUEST_QUESTION
        return _answered(self.request_id, RequestState.WAITING, self.about, told, facts, env, actor)


class RefuseRequest(Command):
    """Refuse a request for one of the fixed reasons; the writer is told by mail, unless it is spam."""

    actors: ClassVar = (Agent,)

    request_id: UUID
    why: Annotated[WhyRefused, NAMED]

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, case=self.request_id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[ConversionRequest] | Refusal:
        """See `Command.decide`."""
        told = None if self.why is WhyRefused.SPAM else MailPurpose.REQUEST_REFUSED
        return _answered(self.request_id, RequestState.REFUSED, self.why, told, facts, env, actor)


class FinishRequest(Command):
    """Close a request whose writer has what was asked for; the other commands have told them."""

    actors: ClassVar = (Agent,)

    request_id: UUID

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, case=self.request_id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[ConversionRequest] | Refusal:
        """See `Command.decide`."""
        return _answered(self.request_id, RequestState.DONE, "", None, facts, env, actor)


def _answered(
    request_id: UUID,
    state: RequestState,
    note: str,
    told: MailPurpose | None,
    facts: Facts,
    env: Env,
    actor: Agent,
) -> Decision[ConversionRequest] | Refusal:
    """Put a request into its next state, and tell its writer where there is something to tell."""
    known = _known(request_id, facts, env, actor)
    if isinstance(known, Refusal):
        return known
    if (known.state, known.note) == (state, note):
        return Decision(_shown(known))
    if state not in NEXT_STATES[known.state] | ({known.state} if state is RequestState.WAITING else set()):
        return refuse(Reason.REQUEST_CLOSED, about="request_id")
    new = evolve(request_in(known, state, env), agent=actor.id, note=note)
    detail = f"{known.id} {state} {note}".rstrip()
    event = record_event(env, actor, EventKind.REQUEST_ANSWERED, email=known.email, detail=detail)
    changes: list[Change] = [update(known, new), event]
    if told is not None:
        to, locale, storefront = known.email, known.locale, known.storefront
        changes.append(queue_mail(env, told, to=to, locale=locale, storefront=storefront, variant=note))
    return Decision(_shown(new), changes)


def _known(request_id: UUID, facts: Facts, env: Env, actor: Agent) -> ConversionRequestRecord | Refusal:
    refusal = not_permitted(AgentTask.ANSWER_REQUEST, env, actor)
    if refusal is not None:
        return refusal
    known = next((one for one in facts.requests if one.id == request_id), None)
    return known or refuse(Reason.NOT_FOUND, about="request_id")


def _shown(one: ConversionRequestRecord) -> ConversionRequest:
    return ConversionRequest(
        one.id, one.state, one.email, one.name, one.order_number, one.message, one.locale, one.agent,
        one.note, one.created_at, one.changed_at,
    )  # fmt: skip
