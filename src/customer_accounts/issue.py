"""How features make the records they all need: links, mails, audit events."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Actor
from customer_accounts.address_digest import address_digest
from customer_accounts.changes import Change, QueueMail, RecordEvent, Remove, insert, update
from customer_accounts.command import Env, name_of
from customer_accounts.outbox import Detail, EventKind, EventRecord, MailPurpose, MailRecord, one_line
from customer_accounts.token import LIVE_TOKENS, Purpose, TokenRecord, link_digest, link_text

#: What looks like an address in a text.  It begins with its word, so that a long word without "@" is read once.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]:;,@])[^\s<>()\[\]:;,@]++@[^\s<>()\[\]:;,@]++")


def masked(email: str) -> str:
    """Give an address in the form that logs may show."""
    local_part, _, domain = email.rpartition("@")
    return f"{local_part[:1]}***@{domain}"


def masked_within(text: str) -> str:
    """Give a text in which each address is masked."""
    return _ADDRESS.sub(lambda found: masked(found[0]), text)


def issue_token(
    env: Env,
    purpose: Purpose,
    *,
    email: str,
    email_key: str,
    account_id: UUID | None = None,
    registration_id: UUID | None = None,
    order_reference: str | None = None,
    claim_id: UUID | None = None,
    browser: str | None = None,
    expires_at: datetime | None = None,
) -> TokenRecord:
    """Make the record of a new link; its text is made from it when the mail is rendered (TK-02)."""
    token_id = env.random(16).hex()
    digest = link_digest(link_text(env.settings.secret, purpose, token_id))
    assert digest is not None  # our own links have the shape of links
    return TokenRecord(
        digest=digest,
        token_id=token_id,
        key_id=env.settings.secret_id,
        purpose=purpose,
        email=email,
        email_key=email_key,
        created_at=env.now,
        expires_at=expires_at or env.now + env.settings.lifetimes[purpose],
        account_id=account_id,
        registration_id=registration_id,
        order_reference=order_reference,
        claim_id=claim_id,
        browser=browser,
    )


def with_token(new: TokenRecord, known: Collection[TokenRecord]) -> list[Change]:
    """Store a new link, and remove the oldest of its kind so that at most `LIVE_TOKENS` are left (TK-06)."""
    if not known:  # of a new customer, as nearly always
        return [insert(new)]
    siblings = [one for one in known if _siblings(one, new)]
    siblings.sort(key=lambda one: one.created_at)
    surplus = siblings[: max(0, len(siblings) - LIVE_TOKENS + 1)]
    return [*map(Remove, surplus), insert(new)]


def _siblings(one: TokenRecord, other: TokenRecord) -> bool:
    about = (one.account_id, one.registration_id, one.order_reference, one.claim_id)
    same = (other.account_id, other.registration_id, other.order_reference, other.claim_id)
    return one.purpose is other.purpose and about == same and one.used_at is None


def spent(tokens: Iterable[TokenRecord], env: Env, account_id: UUID | None = None) -> list[Change]:
    """Mark unused links as used, so that a second click can be told it is done."""
    return [
        update(one, evolve(one, used_at=env.now, account_id=one.account_id or account_id))
        for one in tokens
        if one.used_at is None
    ]


def queue_mail(
    env: Env,
    purpose: MailPurpose,
    *,
    to: str,
    locale: str,
    storefront: str,
    mail_id: UUID | None = None,
    account_id: UUID | None = None,
    token: TokenRecord | None = None,
    extra_token: TokenRecord | None = None,
    order_reference: str | None = None,
    shipment_id: str | None = None,
    **details: str,
) -> QueueMail:
    """Queue a mail to a stored address; *details* are the facts that its text needs and no record holds."""
    return QueueMail(
        MailRecord(
            id=mail_id or env.new_id(),
            purpose=purpose,
            to=to,
            masked_to=masked(to),
            to_digest=address_digest(env.settings.secret, to),
            locale=locale,
            storefront=storefront,
            queued_at=env.now,
            due_at=env.now,
            account_id=account_id,
            token=None if token is None else token.digest,
            extra_token=None if extra_token is None else extra_token.digest,
            order_reference=order_reference,
            shipment_id=shipment_id,
            details=_details(details) if details else (),
        )
    )


def _details(details: Mapping[str, str]) -> tuple[Detail, ...]:
    return tuple(Detail(name, value) for name, value in details.items())


def mail_to_account(
    env: Env,
    purpose: MailPurpose,
    account: AccountRecord,
    *,
    token: TokenRecord | None = None,
    **details: str,
) -> QueueMail:
    """Queue a mail to an account's own address, in its language and from its storefront (EM-05)."""
    queued = queue_mail(
        env, purpose, to=account.email, locale=account.locale, storefront=account.storefront,
        account_id=account.id, token=token,
    )  # fmt: skip
    return evolve(queued, mail=evolve(queued.mail, details=_details(details))) if details else queued


def event_of(
    env: Env,
    actor: Actor,
    kind: EventKind,
    *,
    email: str = "",
    account_id: UUID | None = None,
    detail: str = "",
    email_digest: str | None = None,
) -> EventRecord:
    """Make an entry for the audit trail; the address is masked, the detail kept on one line (LG-02, LG-03).

    Args:
        email_digest: of the address, where *email* is masked already.
    """
    return EventRecord(
        id=env.new_id(),
        at=env.now,
        kind=kind,
        actor=name_of(actor),
        account_id=account_id or getattr(actor, "account_id", None),
        email=masked(email) if email else "",
        ip=getattr(actor, "ip", None),
        detail=one_line(detail),
        email_digest=email_digest or address_digest(env.settings.secret, email),
    )


def record_event(
    env: Env,
    actor: Actor,
    kind: EventKind,
    *,
    email: str = "",
    account_id: UUID | None = None,
    detail: str = "",
    email_digest: str | None = None,
) -> RecordEvent:
    """Put an entry into the audit trail with the other changes; the arguments are those of `event_of`."""
    event = event_of(
        env, actor, kind, email=email, account_id=account_id, detail=detail, email_digest=email_digest
    )
    return RecordEvent(event)
