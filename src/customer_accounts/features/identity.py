"""What an adapter hands over after somebody signed in at an identity provider.

An adapter (`customer_accounts.adapters`) begins with a ticket: for which browser or session, to sign in or to
link, under one nonce that it accepts back once (SO-04).  When the provider has answered, it checks the
signature, issuer and audience (SO-06) and makes a `VerifiedIdentity`.  Nothing else makes one: it cannot be
read from a request body.

* The key is (provider, subject) and never the e-mail address, which people change and providers hand on
  (SO-01, PH9).
* ``email_verified`` and ``authoritative`` are true only if they are literally ``True``; a missing value, a
  text such as ``"true"`` and a number are not (PH-07, SO-03).
* Google+ closed in 2019; its user ids are those of the Google account, so ``google+`` is another name of
  ``google``.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import Attribute, field, frozen

from customer_accounts.actors import SignedInCustomer, Visitor, browser_digest
from customer_accounts.arguments import NO_LINE, must_be, must_be_line, must_be_moment
from customer_accounts.command import Env, Refusal, refuse
from customer_accounts.refusals import Reason

#: An answer of a provider is used at once; what comes later was kept by somebody.
USABLE_FOR = timedelta(minutes=10)

#: OpenID Connect Core 1.0, section 2, allows 255 for the subject; issuers and client ids stay far below.
_LONGEST = 1_000

_ALIASES = {"google+": "google", "googleplus": "google", "google plus": "google"}


class IdentityUse(StrEnum):
    """What a ticket was begun for; one for signing in never links, and the other way round."""

    SIGN_IN = "sign_in"
    LINK = "link"


def canonical_provider(name: str) -> str:
    """Give the name under which a provider's sign-ins are stored."""
    plain = name.strip().lower()
    return _ALIASES.get(plain, plain)


def _provider(name: object) -> str:
    return canonical_provider(name) if isinstance(name, str) else ""


def _shown(name: object) -> str:
    """Give a name on one line; what a provider tells of one must stop nobody from signing in."""
    return " ".join(NO_LINE.sub(" ", name[:_LONGEST]).split())[:200] if isinstance(name, str) else ""


def _literally_true(value: object) -> bool:
    return value is True


def _text(_: object, attribute: "Attribute[str]", value: str) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{attribute.name} must be a text that is not empty")


_KEY = [_text, must_be_line(_LONGEST)]


@frozen(kw_only=True)
class VerifiedIdentity:
    """Somebody whom an identity provider has just vouched for.

    Args:
        provider: name of the provider, such as ``google`` or ``facebook``.
        subject: the provider's unchangeable id of the person (``sub``).
        issuer: who made the assertion, as the adapter checked it.
        audience: the client id that it was made for, as the adapter checked it.
        use: what the ticket was begun for.
        verified_at: when the adapter checked it, UTC.
        browser: digest of the browser secret (`browser_digest`) that the ticket was begun in.
        session_id: the session that the ticket was begun in, for linking.
        email: the address that the provider told, as it came, or None.
        email_verified: the provider says that the address was verified.
        authoritative: the provider runs the mailbox (gmail.com, a hosted domain), so its word proves it now.
        name: the person's name as told, or empty.

    Raises:
        ValueError: a provider, subject, issuer or audience that is empty or no line of text; a time without a zone.
        TypeError: an argument of another kind.
    """

    provider: str = field(converter=_provider, validator=_KEY)
    subject: str = field(validator=_KEY, repr=False)
    issuer: str = field(validator=_KEY)
    audience: str = field(validator=_KEY)
    use: IdentityUse = field(validator=must_be(IdentityUse))
    verified_at: datetime = field(validator=must_be_moment())
    browser: str | None = field(default=None, repr=False, validator=must_be(str, or_none=True))
    session_id: str | None = field(default=None, repr=False, validator=must_be(str, or_none=True))
    email: str | None = field(default=None, repr=False, validator=must_be(str, or_none=True))
    email_verified: bool = field(default=False, converter=_literally_true)
    authoritative: bool = field(default=False, converter=_literally_true)
    name: str = field(default="", converter=_shown, repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """Provider and subject, under which the sign-in is stored."""
        return self.provider, self.subject

    @property
    def proves_mailbox(self) -> bool:
        """Whether the provider's word is a proof of the mailbox as good as a link in it."""
        return self.email is not None and self.email_verified and self.authoritative


def not_from_here(
    identity: VerifiedIdentity, use: IdentityUse, env: Env, actor: Visitor | SignedInCustomer
) -> Refusal | None:
    """Refuse an identity that was begun for something else, somewhere else or too long ago (SO-04).

    A sign-in belongs to the browser that began it, a link to the session.  Otherwise a stranger could finish
    their own sign-in in a victim's browser, or hang their own identity on a victim's account.
    """
    if actor.browser is None and use is IdentityUse.SIGN_IN:
        return refuse(Reason.BROWSER_REQUIRED)
    young = timedelta(0) <= env.now - identity.verified_at <= USABLE_FOR
    if identity.use is not use or not young or not _begun_by(identity, actor):
        return refuse(Reason.IDENTITY_STALE)
    return None


def _begun_by(identity: VerifiedIdentity, actor: Visitor | SignedInCustomer) -> bool:
    if isinstance(actor, SignedInCustomer):
        return identity.session_id is not None and identity.session_id == actor.session_id
    return actor.browser is not None and identity.browser == browser_digest(actor.browser)
