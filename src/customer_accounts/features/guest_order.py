"""Orders as they are placed: by guests, by customers, by the shop's own order intake (F11, F12, F13, F17).

* A guest's order belongs to nobody, also where its address belongs to an account (F11); the answer, the
  reads and the writes are the same for every address (EN-01, EN-07).
* Nothing of a guest is kept beyond the order itself (F12, GM-04): no delivery address, no name to look up,
  and no command reads it back.  A guest cannot subscribe to the newsletter (F13): the wish is refused with
  ACCOUNT_NEEDED, unless it comes with ``open_account`` and waits in the pending registration.
* Where the shop wants it (`Settings.claim_automatically`), a guest's order joins the account that has proven its
  address in the same write; its owner gets the mail with the way back (GUEST_ORDERS_CLAIMED), and the guest the
  same answer.
* ``open_account`` begins a registration in the same write (F15): with the chosen password, otherwise with
  one that is made at the proof of the mailbox (GEN-02).  A customer's order ignores it, since there is
  nothing to open.
* A customer's order belongs to the account and goes by the account's own address unless another one is
  typed; the shop's order intake names the account in ``account_id``.
* An order has been placed and is never refused because its account ends between the read and the write.  It
  is recorded as if it had come first: after a merge it belongs to the surviving account, marked so that an undoing
  gives it back; after a closing it stays with the closed account.  It goes by the address that the account had.
* The reference is the natural key (RL-08): the same order again gets the same answer and nothing happens
  twice; another order under the same reference is refused, and nothing is told of the first.
* The typo warning of the address comes with the answer (F17).  An unreadable address is refused with its
  suggestion.
* The acknowledgement (Directive 2000/31 Art. 11) is queued if ``acknowledge`` says so, by default as the
  settings say; it goes to guests and customers alike.

Refusals: EMAIL_INVALID, ACCOUNT_NEEDED, NOT_ALLOWED (``account_id`` from anybody but the system; a
newsletter wish with a customer's order), NOT_FOUND (no such account), ORDER_CONFLICT, and those of a
password.
Mails: the acknowledgement; GUEST_ORDERS_CLAIMED; with ``open_account`` those of
`customer_accounts.features.registration`.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer, System, Visitor, network_of
from customer_accounts.changes import Change, insert, unchanged
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import write_of
from customer_accounts.features.automatic_claim import joining_at_once
from customer_accounts.features.new_password import two_passwords
from customer_accounts.features.order_account import begin_with_order
from customer_accounts.features.order_notices import OrderEvent, audience_of, mail_about, order_mails
from customer_accounts.features.registration import answer
from customer_accounts.features.typed_email import email_key_of, read_email, registering
from customer_accounts.inputs import Line, Locale, Moment, NewsletterInput, Reference, TypedEmail
from customer_accounts.issue import record_event
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.wording import wording

_PARTS = frozenset({Part.ACCOUNTS, Part.ORDERS})
#: An address with many orders has many links to them: they are read only where a registration begins.
_PARTS_TO_BEGIN = _PARTS | {Part.REGISTRATIONS, Part.TOKENS}

Buyer = Visitor | SignedInCustomer | System


@frozen
class OrderRecorded:
    """What the checkout is told.

    Args:
        email: the address as it was understood; the tracking mail goes there.
        email_suggestion: the address that was probably meant, or None (F17).
        advice: what to say about the mails that will come.
        account_begun: whether a registration was asked for, and now waits for the proof of the mailbox.
    """

    reference: str
    number: str
    email: str
    email_suggestion: str | None
    advice: str
    account_begun: bool = False


class RecordOrder(Command):
    """Record an order that has been placed; the host gives it when its own checkout is done.

    Args:
        reference: the host's own key of the order, unique over all orders.
        number: the number that is printed for the customer; it stands in mails.
        placed_at: when it was placed.
        email: as typed; empty for a customer, whose own address it then is.
        name: as typed; kept with the order only.
        postcode: as typed; kept with the order only.
        locale: language of the mails about the order; without it the account's own, or English.
        open_account: a guest wants an account as well.
        password: the one chosen for it; without it, one is generated at the proof of the mailbox.
        generate_password: says outright what the lack of *password* means.
        newsletter: a wish that needs an account (F13).
        acknowledge: whether to queue the acknowledgement; None leaves it to the settings.
        account_id: the account that the order belongs to; for the system only.
    """

    actors: ClassVar = (Visitor, SignedInCustomer, System)
    hashes: ClassVar = True

    reference: Reference
    number: Annotated[Reference, StringConstraints(max_length=64)]
    placed_at: Moment
    email: TypedEmail = ""
    name: Line = ""
    postcode: Annotated[Line, StringConstraints(max_length=32)] = ""
    locale: Locale | None = None
    open_account: bool = False
    password: SecretStr | None = None
    generate_password: bool = False
    newsletter: NewsletterInput | None = None
    acknowledge: bool | None = None
    account_id: UUID | None = None

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if not self.open_account and (self.generate_password or self.password is not None):
            return PydanticCustomError("password_without_account", "a password needs open_account")
        return two_passwords(self.password, generate=self.generate_password)

    def password_to_set(self) -> str | None:
        """See `Command.password_to_set`."""
        return None if self.password is None else self.password.get_secret_value()

    def limits(self, actor: Buyer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        if isinstance(actor, System):
            return ()
        if isinstance(actor, SignedInCustomer):
            return write_of(actor)
        order = hits((Limit.ORDER_NETWORK, network_of(actor.ip)))
        return (*order, *registering(self.email, actor)) if self.open_account else order

    def scope(self, actor: Buyer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        browser = actor.browser_digest if isinstance(actor, Visitor) else None
        of_account = isinstance(actor, SignedInCustomer) or self.account_id is not None
        parts = _PARTS_TO_BEGIN if self.open_account else _PARTS
        return Scope(
            parts=parts | {Part.MERGES} if of_account else parts,
            email_keys=(email_key_of(self.email),),
            account_id=self.account_id,
            order=self.reference,
            browser=browser,
        )

    def decide(self, facts: Facts, env: Env, actor: Buyer, /) -> Decision[OrderRecorded] | Refusal:
        """See `Command.decide`."""
        owner = self._owner(facts, actor)
        if isinstance(owner, Refusal):
            return owner
        if owner is None:
            return self.decide_for(None, facts, env, actor)
        return self._of_account(owner, facts, env, actor)

    def _of_account(
        self, owner: AccountRecord, facts: Facts, env: Env, actor: Buyer
    ) -> Decision[OrderRecorded] | Refusal:
        """Decide for an account as it was read, and say what holds where it has ended by the time of the write."""

        def otherwise(newer: Facts) -> Decision[OrderRecorded] | Refusal:
            account = newer.account(owner.id)
            if account is not None:  # only the session has ended
                return held(account, self.decide_for(owner, newer, env, actor), otherwise)
            merge = next((one for one in newer.merges if one.absorbed.id == owner.id), None)
            if merge is not None:
                surviving = evolve(owner, id=merge.surviving)
                return held(merge, self.decide_for(surviving, newer, env, actor, merge.id), otherwise)
            return held(None, self.decide_for(owner, newer, env, actor), otherwise)  # it is closed

        return held(owner, self.decide_for(owner, facts, env, actor), otherwise)

    def decide_for(
        self,
        owner: AccountRecord | None,
        facts: Facts,
        env: Env,
        actor: Buyer,
        merge_id: UUID | None = None,
    ) -> Decision[OrderRecorded] | Refusal:
        """Give what follows for an order of this account or of a guest, perhaps one that a merge has to move."""
        email = read_email(self.email or (owner.email if owner else ""))
        if isinstance(email, Refusal):
            return email
        refusal = self._wishes_refused(owner)
        if refusal is not None:
            return refusal
        order = evolve(self._order(email, owner, env, actor), claim_id=merge_id)
        known = facts.order(self.reference)
        if known is not None and not self._is_again(known, order):
            return refuse(Reason.ORDER_CONFLICT, about="reference")
        result = self._result(known or order, owner, env, actor)
        return Decision(result) if known else self._recorded(result, order, owner, facts, env, actor)

    def _recorded(
        self,
        result: OrderRecorded,
        order: OrderRecord,
        owner: AccountRecord | None,
        facts: Facts,
        env: Env,
        actor: Buyer,
    ) -> Decision[OrderRecorded] | Refusal:
        begun: list[Change] | Refusal = []
        if result.account_begun:
            begun = begin_with_order(order, self.password_to_set(), self.newsletter, facts, env, actor)
        if isinstance(begun, Refusal):
            return begun
        joining = joining_at_once(order, owner, facts, env, actor)
        kind, reference = EventKind.ORDER_RECORDED, order.reference
        event = record_event(env, actor, kind, email=order.email, account_id=order.owner, detail=reference)
        return Decision(result, [insert(order), *self._mails(order, owner, env), *begun, *joining, event])

    def _owner(self, facts: Facts, actor: Buyer) -> AccountRecord | Refusal | None:
        """Give the account that the order belongs to: the signed-in one, or the one that the system names."""
        if self.account_id is not None and not isinstance(actor, System):
            return refuse(Reason.NOT_ALLOWED, about="account_id")
        wanted = actor.account_id if isinstance(actor, SignedInCustomer) else self.account_id
        owner = facts.account(wanted)
        if owner is None and wanted is not None:
            return refuse(Reason.NOT_FOUND, about="account_id")
        return owner

    def _wishes_refused(self, owner: AccountRecord | None) -> Refusal | None:
        if self.newsletter is None:
            return None
        if owner is not None:
            # A consent is never dropped silently: the account has its own command for it.
            return refuse(Reason.NOT_ALLOWED, about="newsletter", detail="subscribe_newsletter")
        return None if self.open_account else refuse(Reason.ACCOUNT_NEEDED, about="newsletter")

    def _order(self, email: EmailAddress, owner: AccountRecord | None, env: Env, actor: Buyer) -> OrderRecord:
        placed_at = self.placed_at.astimezone(UTC)
        return OrderRecord(
            reference=self.reference,
            number=self.number,
            placed_at=placed_at,
            status=OrderStatus.PLACED,
            email=email.original,
            email_key=email.key,
            name=self.name,
            postcode=self.postcode,
            locale=self.locale or (owner.locale if owner else "en"),
            storefront=actor.storefront,
            owner=owner.id if owner else None,
            status_at=placed_at,
        )

    def _is_again(self, known: OrderRecord, order: OrderRecord) -> bool:
        """Whether the stored order is this very one; what was left to defaults may have changed meanwhile."""
        claimed_since = order.owner is None and known.claim_id is not None
        return bool(
            _content(known) == _content(order)
            and (known.owner == order.owner or claimed_since)
            and (not self.email or known.email_corrected_at or known.email_key == order.email_key)
            and (self.locale is None or known.locale == order.locale)
        )

    def _result(
        self, order: OrderRecord, owner: AccountRecord | None, env: Env, actor: Buyer
    ) -> OrderRecorded:
        begun = self.open_account and owner is None
        own = owner is not None and owner.email_key == order.email_key
        advice = wording("guest_order", "customer" if own else "tracking", order.locale, email=order.email)
        if begun:
            advice = f"{advice} {answer(env, actor, order.email, order.locale).advice}"
        suggestion = None if own else suggest_correction(order.email)
        return OrderRecorded(order.reference, order.number, order.email, suggestion, advice, begun)

    def _mails(self, order: OrderRecord, owner: AccountRecord | None, env: Env) -> list[Change]:
        wanted = env.settings.acknowledge_orders if self.acknowledge is None else self.acknowledge
        purposes = order_mails(audience_of(owner), OrderEvent.PLACED) if wanted else ()
        return [mail_about(env, one, order, owner) for one in purposes]


def held(
    record: AccountRecord | MergeRecord | None,
    decision: Decision[OrderRecorded] | Refusal,
    otherwise: Callable[[Facts], Decision[OrderRecorded] | Refusal],
) -> Decision[OrderRecorded] | Refusal:
    """Let a decision be written only while a record is as it was read, and be decided otherwise if it was overtaken."""
    if isinstance(decision, Refusal) or not decision.changes:
        return decision
    holding = () if record is None else (unchanged(record),)
    return evolve(decision, changes=[*holding, *decision.changes], otherwise=otherwise)


def _content(order: OrderRecord) -> tuple[object, ...]:
    return order.number, order.placed_at, order.name, order.postcode, order.storefront
