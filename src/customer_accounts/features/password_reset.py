"""A new password by way of the mailbox.

Who may ask: any visitor.

* `RequestPasswordReset` answers the same for every address (EN-01), with one read and one write (EN-07).  The
  mailbox hears the truth: an account gets the link (RESET_PASSWORD), a registration that waits gets its
  confirmation again, any other address NO_ACCOUNT.  Mails are capped by address and by network (AB-08);
  sign-in is never counted (AB-06).
* `ResetPassword` takes that link, or the one that the shop sent after a letter (SET_PASSWORD).  It proves the
  mailbox, and the account belongs to whoever does (truth 1): the password is replaced, all sessions end, all
  other links of the account die, pending changes of its address included (PH-03, PH4), and so do links of
  others to this address.
* Sign-ins at Google or Facebook that were linked within `Settings.identity_quarantine` cannot be used any
  more until they are approved; the mail PASSWORD_CHANGED lists all of them, with the link for
  `ApproveIdentities` (PH3).
* A link is dead once the account has another address or another password (truth 5).  The second click by the
  winner answers ALREADY_DONE, anything else LINK_INVALID or LINK_EXPIRED.
* An account whose mailbox was never proven gets its first proof here: guest orders of the address join
  (GM-01) and what rivals set up is deleted (PH-01).
* A generated password is shown once with the result (GEN-02); a chosen one passes the common policy (PW-12).
"""

from typing import ClassVar, NoReturn
from uuid import UUID

from attrs import evolve, field, frozen
from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord, Session
from customer_accounts.actors import Actor, Visitor, network_of
from customer_accounts.changes import Change, UseToken, update
from customer_accounts.claim import ClaimCause
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import AccountLink, digest_of, link_to_own_address
from customer_accounts.features.account_opening import opening_scope, without_rivals
from customer_accounts.features.claiming import Claiming, claim_by_mailbox
from customer_accounts.features.identity_approval import password_changed_mail
from customer_accounts.features.new_password import password_refusal, two_passwords
from customer_accounts.features.password import with_password
from customer_accounts.features.pending_registration import confirmation_mail, waiting_for
from customer_accounts.features.revocation import link_to_nobody, links_after_use, nobody_at
from customer_accounts.features.typed_email import email_key_of, mailing, read_email
from customer_accounts.inputs import Locale, TypedEmail, TypedToken
from customer_accounts.issue import issue_token, mail_to_account, queue_mail, record_event, with_token
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose
from customer_accounts.wording import wording


@frozen
class ResetRequested:
    """What anybody is told who asks for a new password.

    Args:
        email: the address as it was understood.
        email_suggestion: the address that was probably meant, or None (F06).
        advice: where to look if no mail comes, and whom to ask.
        contact: the shop's contact address.
    """

    email: str
    email_suggestion: str | None
    advice: str
    contact: str


@frozen
class PasswordReset:
    """A password that was set by way of the mailbox.

    Args:
        session: a first session, for the host to keep.
        generated_password: shown once and nowhere else, or None.
        claimed: how many guest orders joined, if this was the first proof of the mailbox.
    """

    account_id: UUID
    session: Session
    generated_password: str | None = field(default=None, repr=False)
    claimed: int = 0

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        """Refuse to be pickled: it may hold a password (LG-01)."""
        raise TypeError("PasswordReset cannot be pickled: it may hold a password")


class RequestPasswordReset(Command):
    """Ask for a link to set a new password."""

    actors: ClassVar = (Visitor,)

    email: TypedEmail
    locale: Locale = "en"

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return mailing(self.email, actor)

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS})
        return Scope(parts=parts, email_keys=(email_key_of(self.email),), alike=True)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[ResetRequested] | Refusal:
        """See `Command.decide`."""
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        shop = env.settings.storefront_at(actor.storefront) or env.settings.storefront
        advice = wording("password_reset", "advice", self.locale, contact=shop.contact)
        result = ResetRequested(email.original, suggest_correction(email.original), advice, shop.contact)
        event = record_event(env, actor, EventKind.PASSWORD_RESET_REQUESTED, email=email.original)
        return Decision(result, (*self._mail(email, facts, env, actor), event))

    def _mail(self, email: EmailAddress, facts: Facts, env: Env, actor: Visitor) -> list[Change]:
        account = facts.account_at(email.key)
        if account is not None:
            return reset_mail(account, facts, env)
        waiting = waiting_for(facts, actor, env)
        if waiting is not None:
            return confirmation_mail(facts, env, actor, waiting)
        # As many rows, with as many columns, as for an account (EN-05).
        purpose, to = MailPurpose.NO_ACCOUNT, email.original
        mail = queue_mail(
            env,
            purpose,
            to=to,
            locale=self.locale,
            storefront=actor.storefront,
            account_id=nobody_at(email.key, env),
        )
        return [*link_to_nobody(email, Purpose.RESET_PASSWORD, facts, env), mail]


def reset_mail(account: AccountRecord, facts: Facts, env: Env) -> list[Change]:
    """Queue the link with which the owner of the mailbox sets a new password."""
    token = issue_token(
        env,
        Purpose.RESET_PASSWORD,
        email=account.email,
        email_key=account.email_key or "",
        account_id=account.id,
    )
    mail = mail_to_account(env, MailPurpose.RESET_PASSWORD, account, token=token)
    return [*with_token(token, facts.tokens), mail]


class ResetPassword(Command):
    """Set the password with a link from the mailbox: a chosen one, or one that the system makes."""

    actors: ClassVar = (Visitor,)
    hashes: ClassVar = True

    token: TypedToken
    new_password: SecretStr | None = None
    generate_password: bool = False

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        return two_passwords(self.new_password, generate=self.generate_password)

    def password_to_set(self) -> str | None:
        """See `Command.password_to_set`."""
        return None if self.new_password is None else self.new_password.get_secret_value()

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return opening_scope(Scope(token=digest_of(self.token)), env)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[PasswordReset] | Refusal:
        """See `Command.decide`."""
        link = link_to_own_address(facts, self.token, env, Purpose.RESET_PASSWORD, Purpose.SET_PASSWORD)
        if isinstance(link, Refusal):
            return link
        old = link.account
        password = self.password_to_set() or ""
        refusal = None if self.generate_password else _unfit(password, old, facts, env)
        if refusal is not None:
            return refusal
        password = env.generated() if self.generate_password else password
        hashed = env.hasher.hash(password)
        new = with_password(old, hashed, env, generated=self.generate_password)
        new = evolve(new, email_verified_at=env.now)
        claiming = _claim_of_first_proof(old, new, facts, env, actor)
        changes: list[Change] = [
            UseToken(link.token.digest, env.now, old.id),
            update(old, new),
            *links_after_use(facts, new, link.token, env),
            *_without_others(link, facts, env, actor),
            *claiming.changes,
            *password_changed_mail(new, facts, env),
            record_event(env, actor, EventKind.PASSWORD_RESET, email=new.email, account_id=new.id),
        ]
        session = Session(new.id, new.session_epoch, env.now)
        result = PasswordReset(new.id, session, password if self.generate_password else None)
        return Decision(
            result, changes, counted=lambda counts: evolve(result, claimed=claiming.moved(counts))
        )


def _unfit(password: str, account: AccountRecord, facts: Facts, env: Env) -> Refusal | None:
    names = (account.name,)
    return password_refusal(password, facts, env, email=account.email, names=names, about="new_password")


def _claim_of_first_proof(
    old: AccountRecord, new: AccountRecord, facts: Facts, env: Env, actor: Actor
) -> Claiming:
    if old.email_verified_at is not None:
        return Claiming(account=new)
    return claim_by_mailbox(new, facts, env, actor, ClaimCause.FIRST_PROOF)


def _without_others(link: AccountLink, facts: Facts, env: Env, actor: Actor) -> list[Change]:
    """Remove the links of others to the address; at its first proof also their registrations."""
    account, key = link.account, link.token.email_key
    if account.email_verified_at is not None:
        # Their registrations stay: a browser must not learn from the end of its own that there is an account.
        return without_rivals(key, evolve(facts, registrations=()), env, actor, account)
    return without_rivals(key, facts, env, actor, account)
