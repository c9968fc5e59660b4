"""The proof of the mailbox, with which an account begins (F04).

* `InspectLink` looks and consumes nothing (truth 2); `ConfirmEmail` proves.
* In the registering browser the link or the short code confirms at once.  Elsewhere whoever opens the link
  owns the mailbox but may not be the one who registered: they type the chosen password, which shows they
  are, or set a new one, and a password chosen by a stranger is never armed (PH-05, PH6).
* A generated password is made now and shown once on this page, never mailed (GEN-02).
* A customer who wrote to the shop (`customer_accounts.features.support`) has a link that sets the first
  password; it proves the mailbox like any other.
* The second click by the winner is told that it is done; a link of a loser is dead.
"""

from enum import StrEnum
from typing import ClassVar, NoReturn
from uuid import UUID

from attrs import evolve, field, frozen
from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from customer_accounts.account import RegistrationRecord, Session
from customer_accounts.actors import Visitor, network_of
from customer_accounts.changes import Change, UseToken
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_opening import Opened, Opening, open_account, opening_scope
from customer_accounts.features.confirmation_code import is_of_its_address, link_of_code
from customer_accounts.features.live_links import asked_in, live_token
from customer_accounts.features.new_password import password_refusal
from customer_accounts.inputs import OptionalToken, TypedToken
from customer_accounts.issue import masked, spent
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord, link_digest


class Needs(StrEnum):
    """What a link still asks of whoever opened it."""

    NOTHING = "nothing"
    PASSWORD_OR_NEW = "password_or_new"
    NEW_PASSWORD = "new_password"
    SIGN_IN = "sign_in"


@frozen
class LinkView:
    """What a page may show of a link before anybody acts on it; ``email`` is masked.

    Args:
        opens_account: whether `ConfirmEmail` takes the link, because an account begins with it.
    """

    purpose: Purpose
    needs: Needs
    email: str
    opens_account: bool = False


@frozen
class Confirmed:
    """An account that has just begun.

    Args:
        generated_password: shown once on this page and nowhere else, or None.
        claimed: how many guest orders of the address joined (F16).
        session: the first session, for the host to keep.
        wishes_dropped: wishes of the registration that were left behind because somebody else confirmed.
        continue_to: the path to go on to, or empty.
    """

    account_id: UUID
    email: str
    session: Session
    generated_password: str | None = field(default=None, repr=False)
    claimed: int = 0
    wishes_dropped: tuple[str, ...] = ()
    continue_to: str = ""

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        """Refuse to be pickled: it may hold a password (LG-01)."""
        raise TypeError("Confirmed cannot be pickled: it may hold a password")


def _needs(token: TokenRecord, facts: Facts, actor: Visitor) -> Needs:
    if token.purpose in (Purpose.RESET_PASSWORD, Purpose.SET_PASSWORD):
        return Needs.NEW_PASSWORD
    if token.purpose is Purpose.CONFIRM_EMAIL_CHANGE and not asked_in(token, actor):
        return Needs.SIGN_IN
    if token.purpose is Purpose.CONFIRM_MERGE:
        return Needs.SIGN_IN
    registration = facts.registration(token.registration_id)
    if registration is None or registration.generate_password or _same_browser(registration, actor):
        return Needs.NOTHING
    if registration.password_hash is None:
        return Needs.NEW_PASSWORD
    return Needs.PASSWORD_OR_NEW


def _same_browser(registration: RegistrationRecord, actor: Visitor) -> bool:
    # Digests of random secrets: an early end of the comparison tells nothing that could be used.
    return registration.browser == actor.browser_digest


class InspectLink(Command):
    """Look at a link without using it, for the page that it leads to (GET)."""

    actors: ClassVar = (Visitor,)

    token: TypedToken

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(
            parts=frozenset({Part.TOKENS, Part.REGISTRATIONS}), token=link_digest(self.token.strip()) or ""
        )

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[LinkView] | Refusal:
        """See `Command.decide`."""
        token = live_token(facts, self.token, env, *Purpose)
        if isinstance(token, Refusal):
            return token
        needs, opens = _needs(token, facts, actor), token.registration_id is not None
        return Decision(LinkView(token.purpose, needs, masked(token.email), opens))


class ConfirmEmail(Command):
    """Prove the mailbox by its link, or by the short code in the registering browser (POST)."""

    actors: ClassVar = (Visitor,)
    hashes: ClassVar = True

    token: OptionalToken = None
    code: OptionalToken = None
    password: SecretStr | None = None
    new_password: SecretStr | None = None
    generate_password: bool = False

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if (self.token is None) == (self.code is None):
            return PydanticCustomError("token_or_code", "give a token or a code")
        if sum((self.password is not None, self.new_password is not None, self.generate_password)) > 1:
            return PydanticCustomError(
                "one_password", "give one of password, new_password and generate_password"
            )
        return None

    def password_to_set(self) -> str | None:
        """See `Command.password_to_set`."""
        return None if self.new_password is None else self.new_password.get_secret_value()

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        network = network_of(actor.ip)
        if self.token is None:
            return hits((Limit.LINK_NETWORK, network), (Limit.CODE, actor.browser_digest))
        asked = link_digest(self.token.strip()) if self.password is not None else None
        return hits((Limit.LINK_NETWORK, network), (Limit.PASSWORD_CHECK, asked))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        if self.token is None:
            return opening_scope(Scope(browser=actor.browser_digest), env)
        return opening_scope(Scope(token=link_digest(self.token.strip()) or ""), env)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[Confirmed] | Refusal:
        """See `Command.decide`."""
        token = self._proof(facts, env, actor)
        if isinstance(token, Refusal):
            return token
        registration = facts.registration(token.registration_id)
        if registration is None or not is_of_its_address(token, registration):
            return refuse(Reason.LINK_INVALID)
        if facts.account_at(token.email_key) is not None:
            return refuse(Reason.LINK_INVALID)
        opening = self._opening(token, registration, facts, env, actor)
        if isinstance(opening, Refusal):
            return opening
        opened = open_account(opening, facts, env, actor)
        siblings = [
            one
            for one in facts.tokens
            if one.registration_id == registration.id and one.digest != token.digest
        ]
        changes: list[Change] = [
            UseToken(token.digest, env.now, opened.account.id),
            *spent(siblings, env, opened.account.id),
            *opened.changes,
        ]
        shown = env.generated() if opening.password_generated else None
        # Where to go on to is a wish too: a stranger's must not lead the owner who has just signed in.
        to = registration.continue_to if opening.wishes else ""
        result = _confirmed(opened, env, shown, to)
        return Decision(
            result, changes, counted=lambda counts: evolve(result, claimed=opened.claimed(counts))
        )

    def _proof(self, facts: Facts, env: Env, actor: Visitor) -> TokenRecord | Refusal:
        if self.token is not None:
            return live_token(facts, self.token, env, Purpose.CONFIRM_REGISTRATION, Purpose.SET_PASSWORD)
        return link_of_code(self.code or "", facts, env, actor)

    def _opening(
        self, token: TokenRecord, registration: RegistrationRecord, facts: Facts, env: Env, actor: Visitor
    ) -> Opening | Refusal:
        """Find out whether the registering party is here, and which password the account gets."""
        base = Opening(
            email=registration.email,
            email_key=registration.email_key,
            locale=registration.locale,
            storefront=registration.storefront,
            proof=token.digest,
            registration=registration,
        )
        here = _same_browser(registration, actor)
        if self.password is not None and not here:
            password = self.password.get_secret_value()
            if not env.hasher.verify(password, registration.password_hash).ok:
                return refuse(Reason.PASSWORD_WRONG, about="password")
            return _with_wishes(base, registration, registration.password_hash)
        if self.new_password is not None:
            return self._with_new_password(base, registration, facts, env, here)
        if self.generate_password or registration.generate_password:
            return evolve(
                _with_wishes(base, registration, None) if here else base,
                password_hash=env.hasher.hash(env.generated()),
                password_generated=True,
            )
        if here:
            return _with_wishes(base, registration, registration.password_hash)
        return refuse(Reason.PASSWORD_REQUIRED, about="password")

    def _with_new_password(
        self, base: Opening, registration: RegistrationRecord, facts: Facts, env: Env, here: bool
    ) -> Opening | Refusal:
        password = self.password_to_set() or ""
        names = (registration.name,) if here else ()
        refusal = password_refusal(password, facts, env, email=base.email, names=names, about="new_password")
        if refusal is not None:
            return refusal
        opening = _with_wishes(base, registration, None) if here else base
        return evolve(opening, password_hash=env.hasher.hash(password))


def _with_wishes(base: Opening, registration: RegistrationRecord, password_hash: str | None) -> Opening:
    provider, subject = registration.identity_provider, registration.identity_subject
    return evolve(
        base,
        wishes=True,
        name=registration.name,
        password_hash=password_hash,
        identity=(provider, subject) if provider and subject else None,
    )


def _confirmed(opened: Opened, env: Env, shown: str | None, continue_to: str) -> Confirmed:
    return Confirmed(
        account_id=opened.account.id,
        email=opened.account.email,
        session=opened.session(env),
        generated_password=shown,
        claimed=opened.planned,
        wishes_dropped=opened.wishes_dropped,
        continue_to=continue_to,
    )
