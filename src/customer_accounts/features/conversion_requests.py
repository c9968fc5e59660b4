"""A guest writes in the contact form: please make my orders an account (F16).

* `RequestConversion` (a visitor) puts the request into a queue for staff
  (`customer_accounts.features.conversion_answers`).  The answer is the same for every address, and nothing is mailed:
  the form cannot be used to write to strangers (EN-01, AB-08).  The same command again stores nothing twice (RL-08).
  Of one address at most `Settings.requests_per_address` wait at once; further ones stand in the audit trail only and
  get the same answer, for as many calls (EN-07).  What is written there goes into no mail (LG-05).
* Whoever is asked something and writes again with the same address opens the request that waits for it; the
  new message takes the place of the old one.
* Which command leads from which state to which is data: `NEXT_STATES`.
* A request is deleted `Settings.requests_kept` after its last change (DP-01).

Refusals: EMAIL_INVALID, BROWSER_REQUIRED.
No mails.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import evolve, frozen
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.actors import Visitor, network_of
from customer_accounts.casework import ConversionRequestRecord, RequestState
from customer_accounts.changes import Change, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import Line, Locale, TypedEmail
from customer_accounts.issue import record_event
from customer_accounts.limiting import Hit, Limit, hits, seen_from
from customer_accounts.outbox import EventKind
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
            told = evolve(request_in(asked, RequestState.OPEN, env), message=self.message or asked.message)
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


def request_in(known: ConversionRequestRecord, state: RequestState, env: Env) -> ConversionRequestRecord:
    """Give a request in another state, kept anew from now on."""
    return evolve(known, state=state, changed_at=env.now, expires_at=env.now + env.settings.requests_kept)
