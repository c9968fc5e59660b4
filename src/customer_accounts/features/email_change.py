"""Another e-mail address for an account, asked for inside and proven from outside (EM-12).

* `RequestEmailChange` (a signed-in customer) asks for the current password again, or for lack of one for a
  session that has just begun.  Nothing changes yet: the old address stays the sign-in.  The new mailbox gets
  the link, the old one a warning with "this was not me".  An address that has an account already gives the
  same answer and the same warning; its owner is told, and no link exists (EN-01).  Refusals: EMAIL_INVALID,
  PASSWORD_WRONG, REAUTHENTICATE, SAME_ADDRESS.
* `ConfirmEmailChange` proves the new mailbox, which alone is not enough: the link also reaches strangers
  whose address somebody typed, and their click must not put their address on an account whose password
  another one knows (truth 1). So it works in the browser that asked, or signed in to that very account;
  elsewhere REAUTHENTICATE (`InspectLink` says so before).  Then the address, and only this one, counts as
  proven (PH-08), all sessions and links of the account end, guest orders of the new address join (GM-01), and
  what rivals set up for it goes (PH-01).  Both mailboxes are told (EMAIL_CHANGED).  An address that has found
  an account meanwhile: LINK_INVALID (CC-04).
* A newsletter subscription ends with the change: the consent was given and proven for the old address, and
  covers no other (GDPR Art. 7(1)).  The customer can subscribe again with one click.
* "This was not me" in the warning, and how it undoes a change:
  `customer_accounts.features.email_change_undo`.
"""

from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import SecretStr

from customer_accounts.account import AccountRecord, Session
from customer_accounts.actors import Actor, SignedInCustomer, Visitor, browser_digest, network_of
from customer_accounts.belongings import SubscriptionStatus
from customer_accounts.changes import Change, UseToken, update
from customer_accounts.claim import ClaimCause
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import AccountLink, account_link, digest_of
from customer_accounts.features.account_opening import opening_scope, without_rivals
from customer_accounts.features.claiming import Claiming, claim_by_mailbox
from customer_accounts.features.further_address import further_address
from customer_accounts.features.live_links import asked_in
from customer_accounts.features.reauthentication import password_check
from customer_accounts.features.revocation import links_after_use, sessions_ended
from customer_accounts.features.typed_email import email_key_of, mailing
from customer_accounts.inputs import TypedEmail, TypedToken
from customer_accounts.issue import issue_token, mail_to_account, masked, queue_mail, record_event, with_token
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord
from customer_accounts.wording import wording


@frozen
class EmailChangeRequested:
    """What a customer is told who asks for another address; the same for every address.

    Args:
        email: the new address as it was understood.
        email_suggestion: the address that was probably meant, or None (F06).
        advice: where to look if no mail comes, and whom to ask.
        contact: the shop's contact address.
    """

    email: str
    email_suggestion: str | None
    advice: str
    contact: str


@frozen
class EmailChanged:
    """An account with another address.

    Args:
        session: the one session that goes on, in the browser that confirmed.
        claimed: how many guest orders of the new address joined.
    """

    account_id: UUID
    email: str
    session: Session
    claimed: int = 0


def way_back(account: AccountRecord, facts: Facts, env: Env) -> tuple[TokenRecord, list[Change]]:
    """Make the link "this was not me" for the address that an account has, or had until now.

    Only links to the same mailbox count as surplus: further changes must not push out the first owner's.
    """
    token = issue_token(
        env,
        Purpose.CANCEL_EMAIL_CHANGE,
        email=account.email,
        email_key=account.email_key or "",
        account_id=account.id,
    )
    return token, with_token(token, [one for one in facts.tokens if one.email_key == token.email_key])


def subscription_ended(account: AccountRecord, facts: Facts, env: Env, actor: Actor) -> list[Change]:
    """End the newsletter subscription that was proven for another address."""
    changes: list[Change] = []
    for one in facts.subscriptions:
        if one.account_id == account.id and one.status is not SubscriptionStatus.ENDED:
            ended = evolve(one, status=SubscriptionStatus.ENDED, ended_at=env.now)
            kind = EventKind.NEWSLETTER_ENDED
            event = record_event(
                env, actor, kind, email=one.email, account_id=account.id, detail="address changed"
            )
            changes += [update(one, ended), event]
    return changes


class RequestEmailChange(Command):
    """Ask for another e-mail address."""

    actors: ClassVar = (SignedInCustomer,)
    hashes: ClassVar = True

    email: TypedEmail
    current_password: SecretStr | None = None

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return (*password_check(actor), *mailing(self.email, actor))

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.TOKENS})
        return Scope(parts=parts, email_keys=(email_key_of(self.email),))

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[EmailChangeRequested] | Refusal:
        """See `Command.decide`."""
        named = further_address(self.email, self.current_password, facts, env, actor)
        if isinstance(named, Refusal):
            return named
        account, email = named
        back, stored = way_back(account, facts, env)
        purpose = MailPurpose.EMAIL_CHANGE_REQUESTED
        warning = mail_to_account(env, purpose, account, token=back, new_address=masked(email.original))
        changes = (
            # A reset or sign-out meanwhile ends this session; its links must not be left over (PH4).
            update(account, account),
            *_mail_to_new(email, account, facts, env, actor),
            *stored,
            warning,
            record_event(env, actor, EventKind.EMAIL_CHANGE_REQUESTED, email=email.original),
        )
        shop = env.settings.storefront_at(actor.storefront) or env.settings.storefront
        advice = wording("email_change", "advice", account.locale, contact=shop.contact)
        suggestion = suggest_correction(email.original)
        return Decision(EmailChangeRequested(email.original, suggestion, advice, shop.contact), changes)


def _mail_to_new(
    email: EmailAddress, account: AccountRecord, facts: Facts, env: Env, actor: SignedInCustomer
) -> list[Change]:
    """Queue the link to the new mailbox; where it belongs to an account, tell its owner instead (EN-01)."""
    owner = facts.account_at(email.key)
    if owner is not None:
        return [mail_to_account(env, MailPurpose.ALREADY_REGISTERED, owner)]
    token = issue_token(
        env,
        Purpose.CONFIRM_EMAIL_CHANGE,
        email=email.original,
        email_key=email.key,
        account_id=account.id,
        browser=None if actor.browser is None else browser_digest(actor.browser),
    )
    mail = queue_mail(
        env,
        MailPurpose.CONFIRM_EMAIL_CHANGE,
        to=email.original,
        locale=account.locale,
        storefront=account.storefront,
        account_id=account.id,
        token=token,
    )
    return [*with_token(token, facts.tokens), mail]


class ConfirmEmailChange(Command):
    """Prove the new mailbox by its link, in the browser that asked or signed in to that account."""

    actors: ClassVar = (Visitor, SignedInCustomer)

    token: TypedToken

    def limits(self, actor: Visitor | SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor | SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        scope = opening_scope(Scope(token=digest_of(self.token)), env)
        return evolve(scope, parts=scope.parts | {Part.SUBSCRIPTIONS})

    def decide(
        self, facts: Facts, env: Env, actor: Visitor | SignedInCustomer, /
    ) -> Decision[EmailChanged] | Refusal:
        """See `Command.decide`."""
        link = account_link(facts, self.token, env, Purpose.CONFIRM_EMAIL_CHANGE)
        if isinstance(link, Refusal):
            return link
        signed_in = isinstance(actor, SignedInCustomer) and actor.account_id == link.account.id
        if not (signed_in or asked_in(link.token, actor)):
            return refuse(Reason.REAUTHENTICATE)
        if facts.account_at(link.token.email_key) is not None:
            return refuse(Reason.LINK_INVALID)
        new, claiming, changes = _changed(link, facts, env, actor)
        result = EmailChanged(new.id, new.email, Session(new.id, new.session_epoch, env.now))
        return Decision(
            result, changes, counted=lambda counts: evolve(result, claimed=claiming.moved(counts))
        )


def with_address(account: AccountRecord, token: TokenRecord, env: Env) -> AccountRecord:
    """Give the account with the address that a link has just proven, all its sessions ended."""
    return evolve(
        sessions_ended(account), email=token.email, email_key=token.email_key, email_verified_at=env.now
    )


def _changed(
    link: AccountLink, facts: Facts, env: Env, actor: Actor
) -> tuple[AccountRecord, Claiming, list[Change]]:
    token, old = link.token, link.account
    new = with_address(old, token, env)
    back, stored = way_back(old, facts, env)
    purpose, kind = MailPurpose.EMAIL_CHANGED, EventKind.EMAIL_CHANGED
    claiming = claim_by_mailbox(new, facts, env, actor, ClaimCause.EMAIL_CHANGE)
    return (
        new,
        claiming,
        [
            UseToken(token.digest, env.now, new.id),
            update(old, new),
            *links_after_use(facts, new, token, env),
            *stored,
            *without_rivals(token.email_key, facts, env, actor, new),
            *subscription_ended(new, facts, env, actor),
            *claiming.changes,
            mail_to_account(env, purpose, old, token=back, audience="old"),
            mail_to_account(env, purpose, new, audience="new"),
            record_event(
                env, actor, kind, email=new.email, account_id=new.id, detail=f"from {masked(old.email)}"
            ),
        ],
    )
