"""The newsletter: asked for in an account, confirmed from the mailbox (F13).

Who may ask: signed-in customers; guests and visitors are refused (NOT_ALLOWED). Whoever has the link may
confirm. A wish uttered at registration becomes a subscription with the proof of the mailbox
(`customer_accounts.features.account_opening`). The way out is in `customer_accounts.features.unsubscription`.

* Double opt-in: `SubscribeNewsletter` records the consent (which wording, when, where) as PENDING and mails
  CONFIRM_NEWSLETTER; only `ConfirmNewsletter` makes it ACTIVE, with the digest of the link as its proof (GDPR
  Art. 7(1)). German courts ask for this even where the mailbox is proven already. Then NEWSLETTER_WELCOME
  goes out with the way to unsubscribe.
* Asked again while it is pending, the mail goes out again, for the wording shown last. An active subscription
  is answered as it stands.
* A consent covers the address it was given for: after a change of address the newsletter has ended, and a
  link that was mailed to the old address confirms nothing (LINK_INVALID).
* Subscribing again after the end is a new consent with a new confirmation.
* A second click on a link is told that it is done (ALREADY_DONE), and so is one on its siblings.
"""

from typing import ClassVar

from attrs import evolve

from customer_accounts.account import AccountRecord, Consent
from customer_accounts.actors import SignedInCustomer, Visitor, network_of
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import Change, QueueMail, UseToken, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.live_links import live_token
from customer_accounts.features.newsletter_state import (
    PARTS,
    NewsletterView,
    newsletter_of,
    subscription_of,
    unused_links,
)
from customer_accounts.features.unsubscription import way_out
from customer_accounts.inputs import Reference, TypedToken
from customer_accounts.issue import issue_token, mail_to_account, queue_mail, record_event, spent, with_token
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord, link_digest


class SubscribeNewsletter(Command):
    """Ask for the newsletter; *text_version* names the wording that was shown, *source* where."""

    actors: ClassVar = (SignedInCustomer,)

    text_version: Reference
    source: Reference = "account"

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        # The account stands for its address: nobody else can cause this mail.
        return (*write_of(actor), *hits((Limit.MAIL_ADDRESS, str(actor.account_id))))

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=PARTS)

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[NewsletterView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        known = newsletter_of(account, facts.subscriptions)
        if known.status is SubscriptionStatus.ACTIVE:
            return Decision(known)
        old = subscription_of(account.id, facts.subscriptions)
        new = SubscriptionRecord(
            account_id=account.id,
            email=account.email,
            email_key=account.email_key or "",
            consent=Consent(self.text_version, env.now, self.source),
        )
        token = issue_token(
            env,
            Purpose.CONFIRM_NEWSLETTER,
            email=account.email,
            email_key=new.email_key,
            account_id=account.id,
        )
        changes: list[Change] = [
            # The account must still be open, and the address its own, when its subscription is stored.
            update(account, account),
            insert(new) if old is None else update(old, new),
            *with_token(token, facts.tokens),
            mail_to_account(env, MailPurpose.CONFIRM_NEWSLETTER, account, token=token),
            record_event(env, actor, EventKind.NEWSLETTER_REQUESTED, email=account.email),
        ]
        return Decision(newsletter_of(account, (new,)), changes)


class ConfirmNewsletter(Command):
    """Prove the consent by the link in the mail (POST)."""

    actors: ClassVar = (Visitor,)

    token: TypedToken

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=PARTS, token=link_digest(self.token.strip()) or "")

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[NewsletterView] | Refusal:
        """See `Command.decide`."""
        token = live_token(facts, self.token, env, Purpose.CONFIRM_NEWSLETTER)
        if isinstance(token, Refusal):
            return token
        account = facts.account(token.account_id)
        old = None if account is None else subscription_of(account.id, facts.subscriptions)
        if account is None or old is None or not _waits_for(old, account, token):
            return refuse(Reason.LINK_INVALID)
        new = evolve(old, status=SubscriptionStatus.ACTIVE, confirmed_at=env.now, proof=token.digest)
        siblings = [
            one
            for one in unused_links(Purpose.CONFIRM_NEWSLETTER, account.id, facts)
            if one.digest != token.digest
        ]
        link, stored = way_out(account, facts, env)
        changes: list[Change] = [
            UseToken(token.digest, env.now, account.id),
            *spent(siblings, env, account.id),
            update(old, new),
            *stored,
            _welcome(account, link, env),
            record_event(
                env, actor, EventKind.NEWSLETTER_CONFIRMED, email=account.email, account_id=account.id
            ),
        ]
        return Decision(newsletter_of(account, (new,)), changes)


class MyNewsletter(Command):
    """Show where the newsletter of the account stands."""

    actors: ClassVar = (SignedInCustomer,)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=PARTS - {Part.TOKENS})

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[NewsletterView] | Refusal:
        """See `Command.decide`."""
        return Decision(newsletter_of(acting(facts, actor), facts.subscriptions))


def _waits_for(subscription: SubscriptionRecord, account: AccountRecord, token: TokenRecord) -> bool:
    """Whether the link confirms this very subscription, for the address that the account still has."""
    same = subscription.email_key == token.email_key == account.email_key
    return same and subscription.status is SubscriptionStatus.PENDING


def _welcome(account: AccountRecord, link: TokenRecord, env: Env) -> QueueMail:
    return queue_mail(
        env,
        MailPurpose.NEWSLETTER_WELCOME,
        to=account.email,
        locale=account.locale,
        storefront=account.storefront,
        account_id=account.id,
        extra_token=link,
    )
