"""A guest writes in the contact form: please make my orders an account (F16).

* `RequestConversion` (a visitor) puts the request into a queue for staff.  The answer is the same for every
  address, and nothing is mailed: the form cannot be used to write to strangers (EN-01, AB-08).  The same
  command again stores nothing twice (RL-08).  Of one address at most `Settings.requests_per_address` wait at
  once; further ones stand in the audit trail only and get the same answer, for as many calls (EN-07).  What is
  written there goes into no mail (LG-05).
* Whoever is asked something and writes again with the same address opens the request that waits for it; the
  new message takes the place of the old one.
* `ConversionRequests` shows the queue of one state to an agent, the oldest first.  `TakeRequest` says who works
  on it.  `AskCustomer` asks one of a few fixed questions by mail, in the customer's language; the request
  then waits for the customer.  `RefuseRequest` ends it with one of a few fixed reasons, `FinishRequest` when
  the customer has what was asked for, such as an invitation (`customer_accounts.features.support`).
* Which command leads from which state to which is data: `NEXT_STATES`.  What is closed stays closed:
  REQUEST_CLOSED.  The same command again does nothing more.
* A request is deleted `Settings.requests_kept` after its last change (DP-01).

Refusals: EMAIL_INVALID, BROWSER_REQUIRED, NOT_FOUND, REQUEST_CLOSED, PERMISSION_MISSING.
Mails: REQUEST_QUESTION, REQUEST_REFUSED, to the address that was typed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import evolve, field, frozen
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.actors import Agent, Visitor, network_of
from customer_accounts.casework import ConversionRequestRecord, RequestState
from customer_accounts.changes import Change, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.four_eyes import Cursor, PageSize, case_page, not_permitted
from customer_accounts.features.my_orders import cursor_at
from customer_accounts.features.registration import email_key_of, read_email
from customer_accounts.inputs import NAMED, Line, Locale, TypedEmail
from customer_accounts.issue import queue_mail, record_event
from customer_accounts.limiting import Hit, Limit, hits, seen_from
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.wording import wording

_PARTS = frozenset({Part.REQUESTS})
_NAMESPACE = UUID("5f3b6a0e-7a43-4a6b-9d43-0f4a5f1c8e21")

#: Which states may follow one; done and refused are ends.
NEXT_STATES: Mapping[RequestState, frozenset[RequestState]] = MappingProxyType(
    {
        RequestState.OPEN: frozenset({RequestState.WAITING, RequestState.DONE, RequestState.REFUSED}),
        RequestState.WAITING: frozenset({RequestState.OPEN, RequestState.DONE, RequestState.REFUSED}),
        RequestState.DONE: frozenset(),
        RequestState.REFUSED: frozenset(),
    }
)


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


def _printable(text: str) -> str:
    if any(not (char.isprintable() or char in "\r\n\t") for char in text):
        raise PydanticCustomError("control_character", "must not hold control characters")
    return text


#: What somebody writes in the form: several lines.
Message = Annotated[
    str,
    StringConstraints(max_length=1000, strip_whitespace=True),
    AfterValidator(_printable),
    Field(repr=False),
]


@frozen
class ConversionRequested:
    """What a visitor is told; the same for every address.

    Args:
        email: the address as it was understood.
        email_suggestion: the address that was probably meant, or None (F06).
        advice: what happens next, and whom to ask.
    """

    email: str
    email_suggestion: str | None
    advice: str


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


class RequestConversion(Command):
    """Ask the shop in writing to make guest orders an account.

    Args:
        id: chosen by the client; the same id again stores nothing twice.
        email: the address of the orders, as typed.
        order_number: one of the orders, if it is at hand.
        message: what else was written.
    """

    actors: ClassVar = (Visitor,)

    id: UUID = Field(default_factory=uuid4)
    email: TypedEmail
    name: Line = ""
    order_number: Line = ""
    message: Message = ""
    locale: Locale = "en"

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        key, network = email_key_of(self.email) or None, network_of(actor.ip)
        return hits((Limit.REQUEST_NETWORK, network), (Limit.REQUEST_ADDRESS, seen_from(key, network)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.email),))

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[ConversionRequested] | Refusal:
        """See `Command.decide`."""
        if actor.browser is None:
            return refuse(Reason.BROWSER_REQUIRED)
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        shop = env.settings.storefront_at(actor.storefront) or env.settings.storefront
        advice = wording("conversion_requests", "advice", self.locale, contact=shop.contact)
        answer = ConversionRequested(email.original, suggest_correction(email.original), advice)
        return Decision(answer, self._stored(email, facts.requests, env, actor))

    def _stored(
        self, email: EmailAddress, known: Sequence[ConversionRequestRecord], env: Env, actor: Visitor
    ) -> list[Change]:
        own_id = uuid5(_NAMESPACE, f"{actor.browser_digest}:{self.id}:{email.key}")
        waiting = [one for one in known if NEXT_STATES[one.state]]
        asked = next((one for one in waiting if one.state is RequestState.WAITING), None)
        repeated = any(one.id == own_id for one in known)
        if repeated:
            return []
        event = record_event(env, actor, EventKind.CONVERSION_REQUESTED, email=email.original)
        if asked is None and len(waiting) >= env.settings.requests_per_address:
            return [event]
        if asked is not None:
            told = evolve(_changed(asked, RequestState.OPEN, env), message=self.message or asked.message)
            number = self.order_number or asked.order_number
            return [update(asked, evolve(told, order_number=number)), event]
        return [insert(self._record(own_id, email, env, actor)), event]

    def _record(self, own_id: UUID, email: EmailAddress, env: Env, actor: Visitor) -> ConversionRequestRecord:
        return ConversionRequestRecord(
            id=own_id,
            email=email.original,
            email_key=email.key,
            name=self.name,
            order_number=self.order_number,
            message=self.message,
            locale=self.locale,
            storefront=actor.storefront,
            created_at=env.now,
            changed_at=env.now,
            expires_at=env.now + env.settings.requests_kept,
        )


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
    """Say that one works on a request, so that no two agents answer it."""

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
        taken = evolve(_changed(known, known.state, env), agent=actor.id)
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
    new = evolve(_changed(known, state, env), agent=actor.id, note=note)
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


def _changed(known: ConversionRequestRecord, state: RequestState, env: Env) -> ConversionRequestRecord:
    """Give a request in another state, kept anew from now on."""
    return evolve(known, state=state, changed_at=env.now, expires_at=env.now + env.settings.requests_kept)


def _shown(one: ConversionRequestRecord) -> ConversionRequest:
    return ConversionRequest(
        one.id, one.state, one.email, one.name, one.order_number, one.message, one.locale, one.agent,
        one.note, one.created_at, one.changed_at,
    )  # fmt: skip
