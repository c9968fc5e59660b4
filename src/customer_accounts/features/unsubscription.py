"""The way out of the newsletter: one click, no sign-in, no end (F13; RFC 8058; GDPR Art. 7(3)).

Who may ask: whoever has the link, the customer from within the account, and the system for campaigns.

* `Unsubscribe` needs one click, no session and nothing else. Its link is not used up: every link that was
  mailed to an address works as often as it is clicked, for as long as it is stored (`Settings.lifetimes`),
  always with the same answer, whatever became of the subscription. It is not counted either: mail providers
  click for many customers from one network.
* A link belongs to the address it was made for; it never touches the subscription of another address.
* `UnsubscribeNewsletter` does the same from within the account. Ended already, both answer the same.
* The end keeps the record of the consent, as evidence. Links to confirm that were still open are removed, a
  welcome that still waits is dropped.
* `IssueUnsubscribeLink` gives a campaign the address and the way out of one account, or refuses where there
  is no active subscription (NOT_FOUND): it answers "may I write?" as well. The same link serves all issues.
"""

from typing import ClassVar
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer, System, Visitor
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.newsletter_state import (
    PARTS,
    NewsletterView,
    newsletter_of,
    subscription_of,
    unused_links,
)
from customer_accounts.inputs import TypedToken
from customer_accounts.issue import issue_token, masked, record_event, spent
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.settings import LINK_OF, Settings
from customer_accounts.token import Purpose, TokenRecord, link_digest, link_text
from customer_accounts.wording import wording


@frozen
class Unsubscribed:
    """An address that gets no more newsletters; ``email`` is masked, since anybody may have the link."""

    email: str

    def text(self, locale: str) -> str:
        """Say it to whoever clicked."""
        return wording("newsletter", SubscriptionStatus.ENDED, locale, email=self.email)


@frozen
class UnsubscribeLink:
    """Whom a newsletter may go to, and the way out that it must carry."""

    account_id: UUID
    email: str = field(repr=False)
    url: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The two headers that let mail programs show their own button (RFC 8058)."""
        return {"List-Unsubscribe": f"<{self.url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


class Unsubscribe(Command):
    """End the newsletter by the link that each issue carries: one click, as often as anybody likes (POST)."""

    actors: ClassVar = (Visitor,)

    token: TypedToken

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=PARTS, token=link_digest(self.token.strip()) or "")

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[Unsubscribed] | Refusal:
        """See `Command.decide`."""
        digest = link_digest(self.token.strip())
        token = None if digest is None else facts.token(digest)
        if token is None or token.purpose is not Purpose.UNSUBSCRIBE or token.account_id is None:
            return refuse(Reason.LINK_INVALID)
        changes: list[Change] = []
        old = subscription_of(token.account_id, facts.subscriptions)
        if old is not None and old.email_key == token.email_key:
            changes += _ended(old, facts, env, actor)
        return Decision(Unsubscribed(masked(token.email)), changes)


class UnsubscribeNewsletter(Command):
    """End the newsletter from within the account; ended already, the answer is the same."""

    actors: ClassVar = (SignedInCustomer,)

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=PARTS)

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[NewsletterView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        old = subscription_of(account.id, facts.subscriptions)
        if old is None:
            return Decision(newsletter_of(account, ()))
        ended = _at_the_end(old, env)
        return Decision(newsletter_of(account, (ended,)), _ended(old, facts, env, actor))


class IssueUnsubscribeLink(Command):
    """Give the address and the way out for the next issue to one account, if it may get one at all."""

    actors: ClassVar = (System,)

    account_id: UUID

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=PARTS, account_id=self.account_id)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[UnsubscribeLink] | Refusal:
        """See `Command.decide`."""
        account = facts.account(self.account_id)
        if account is None:
            return refuse(Reason.NOT_FOUND)
        view = newsletter_of(account, facts.subscriptions)
        if view.status is not SubscriptionStatus.ACTIVE:
            return refuse(Reason.NOT_FOUND)
        token, stored = way_out(account, facts, env)
        secret = env.settings.secret_named(token.key_id)
        assert secret is not None, "a way out is either new or was chosen because its secret is known"
        shop = env.settings.storefront_at(account.storefront) or env.settings.storefront
        url = shop.url(LINK_OF[token.purpose], link_text(secret, token.purpose, token.token_id))
        # A new link names the address: the account must still be open when it is stored (DP-01).
        guarded = (update(account, account), *stored) if stored else ()
        return Decision(UnsubscribeLink(account.id, account.email, url), guarded)


def way_out(account: AccountRecord, facts: Facts, env: Env) -> tuple[TokenRecord, list[Change]]:
    """Give the link to unsubscribe, with what must be stored for it.

    The same link serves all issues, so that a campaign stores nothing.  Past half of its life, or under a
    secret that is kept no longer, another one takes over; the old one goes on working for whoever has it.
    """
    half = env.settings.lifetimes[Purpose.UNSUBSCRIBE] / 2
    for one in unused_links(Purpose.UNSUBSCRIBE, account.id, facts):
        readable = env.settings.secret_named(one.key_id) is not None
        if readable and one.email_key == account.email_key and env.now < one.expires_at - half:
            return one, []
    new = issue_token(
        env,
        Purpose.UNSUBSCRIBE,
        email=account.email,
        email_key=account.email_key or "",
        account_id=account.id,
    )
    return new, [insert(new)]


def _at_the_end(old: SubscriptionRecord, env: Env) -> SubscriptionRecord:
    """Give the subscription ended; the record of the consent stays as evidence."""
    if old.status is SubscriptionStatus.ENDED:
        return old
    return evolve(old, status=SubscriptionStatus.ENDED, ended_at=env.now)


def _ended(
    old: SubscriptionRecord, facts: Facts, env: Env, actor: Visitor | SignedInCustomer
) -> list[Change]:
    """End a subscription: mails that still wait for it are dropped, links to confirm it are dead."""
    if old.status is SubscriptionStatus.ENDED:
        return []
    return [
        update(old, _at_the_end(old, env)),
        *(Remove(one) for one in unused_links(Purpose.CONFIRM_NEWSLETTER, old.account_id, facts)),
        *spent(unused_links(Purpose.UNSUBSCRIBE, old.account_id, facts), env),
        record_event(env, actor, EventKind.NEWSLETTER_ENDED, email=old.email, account_id=old.account_id),
    ]
