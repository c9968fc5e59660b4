"""A shop with the owner of v@ and an attacker who knows only that address, and everything each of them can do.

The owner reads the mailbox v@, the attacker m@; each has a browser, a password and an account at an identity
provider.  `check` states the invariant (PH-10): the attacker never signs in to, reads from or moves the address of the
account that owns v@, and before the owner's first proof nobody reads an order or owns an account of v@.
"""

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord, Session
from customer_accounts.actors import SignedInCustomer, Visitor
from customer_accounts.features.account_merge import MergeAccounts
from customer_accounts.features.account_merge_undo import UndoMerge
from customer_accounts.features.benefits import MyAccount
from customer_accounts.features.claim_order import ClaimOrder
from customer_accounts.features.claim_undo import UndoClaim
from customer_accounts.features.email_change import ConfirmEmailChange, RequestEmailChange
from customer_accounts.features.email_change_undo import CancelEmailChange
from customer_accounts.features.email_confirmation import ConfirmEmail, InspectLink
from customer_accounts.features.guest_claim import ClaimGuestOrders, ClaimPreview, PreviewClaim
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity
from customer_accounts.features.identity_approval import ApproveIdentities
from customer_accounts.features.identity_links import LinkIdentity, UnlinkIdentity
from customer_accounts.features.merge_request import RequestMerge
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.features.registration import CorrectRegistrationAddress, Register, ResendConfirmation
from customer_accounts.features.sign_in import SignIn, SignOutEverywhere
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.limiting import ALLOWANCES
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.shop import Shop

OWNERS, ATTACKERS = "v@mail.example", "m@evil.example"
OWNERS_PASSWORD, ATTACKERS_PASSWORD = "nine patient cormorants", "seven greedy magpies"
PROVES = {
    MailPurpose.CONFIRM_REGISTRATION: "confirm",
    MailPurpose.RESET_PASSWORD: "reset",
}


#: What is the same whatever happened; limits that nobody reaches need no reset.
_STAYS = frozenset({"attacker", "owner", "shop"})


def _boundless() -> dict[Any, Any]:
    """Give limits that no sequence reaches: the invariant must not lean on them."""
    return {limit: evolve(allowance, tries=10**9) for limit, allowance in ALLOWANCES.items()}


class World:
    """The shop and the two of them."""

    def __init__(self) -> None:
        self.shop = Shop(limits=_boundless())
        self.owner = Visitor(ip="203.0.113.7", browser="the browser of the owner of v")
        self.attacker = Visitor(ip="198.51.100.66", browser="the browser of the attacker m")
        self.owners_session: Session | None = None
        self.attackers_sessions: list[Session] = []
        self.proven = False
        self.orders = 0
        #: The accounts that the owner has had; orders of v@ may belong to these and to no other.
        self.owners_accounts: set[UUID] = set()
        self.claims: list[UUID] = []

    def saved(self) -> Callable[[], None]:
        """Give what brings both of them and the shop back to where they are now."""
        tables, now = self.shop.storage._tables, self.shop.clock.now
        known = {name: copy(value) for name, value in vars(self).items() if name not in _STAYS}

        def back() -> None:
            self.shop.storage._tables, self.shop.clock.now = tables, now
            self.shop.announced.clear()
            vars(self).update({name: copy(value) for name, value in known.items()})

        return back

    # What both can do -------------------------------------------------------------------------------------

    def _links(self, address: str, *purposes: Purpose) -> list[tuple[TokenRecord, str]]:
        """Give the links that were mailed to an address, which its owner can read, oldest first."""
        mailed = {one.token for one in self.shop.mails(to=address)}
        return [
            (one, self.shop.text_of(one))
            for one in self.shop.stored(TokenRecord)
            if one.digest in mailed and one.purpose in purposes
        ]

    def _customer(self, session: Session, visitor: Visitor) -> SignedInCustomer:
        return self.shop.customer(session, browser=visitor.browser, session_id="the session")

    def _identity(
        self, provider: str, subject: str, use: IdentityUse, by: Visitor, *, proven: bool
    ) -> VerifiedIdentity:
        return VerifiedIdentity(
            provider=provider, subject=subject, issuer="https://idp.example", audience="shop", use=use,
            verified_at=self.shop.clock(), browser=by.browser_digest, email=OWNERS, email_verified=proven,
            authoritative=proven, session_id="the session" if use is IdentityUse.LINK else None,
        )  # fmt: skip

    def _facebook(self, use: IdentityUse) -> VerifiedIdentity:
        return self._identity("facebook", "m", use, self.attacker, proven=False)

    def _use(
        self, address: str, by: Visitor, newest: bool, make: Callable[[str], Any], *purposes: Purpose
    ) -> Any:
        links = self._links(address, *purposes)
        if not links:
            return None
        return self.shop.handle(make((links[-1] if newest else links[0])[1]), by=by)

    def _guest_order(self, email: str, by: Visitor) -> None:
        self.orders += 1
        reference = f"o{self.orders}"
        self.shop.handle(
            RecordOrder(
                reference=reference,
                number=reference,
                placed_at=self.shop.clock(),
                email=email,
                postcode="8010",
            ),
            by=by,
        )

    # What the owner does ----------------------------------------------------------------------------------

    def _owner_got(self, answer: Any) -> None:
        if answer is not None and not isinstance(answer, Refused):
            session = getattr(answer, "session", None)
            if session is not None:
                self.owners_session, self.proven = session, True
                self.owners_accounts.add(session.account_id)

    def owner_registers(self) -> None:
        """V registers with a password."""
        self.shop.handle(Register(email=OWNERS, password=OWNERS_PASSWORD), by=self.owner)

    def owner_lets_one_be_generated(self) -> None:
        """V registers and lets the system make the password."""
        self.shop.handle(Register(email=OWNERS, generate_password=True), by=self.owner)

    def owner_clicks(self, *, newest: bool = True) -> None:
        """V opens a confirmation link, whoever asked for it, and confirms with nothing more."""
        self._owner_got(
            self._use(
                OWNERS,
                self.owner,
                newest,
                lambda text: ConfirmEmail(token=text),
                Purpose.CONFIRM_REGISTRATION,
            )
        )

    def owner_clicks_the_oldest(self) -> None:
        """V opens the oldest confirmation link."""
        self.owner_clicks(newest=False)

    def owner_sets_a_password(self) -> None:
        """V opens the oldest confirmation link and sets a new password."""
        self._owner_got(
            self._use(
                OWNERS, self.owner, False,
                lambda text: ConfirmEmail(token=text, new_password=OWNERS_PASSWORD), Purpose.CONFIRM_REGISTRATION,
            )
        )  # fmt: skip

    def owner_types_the_password(self) -> None:
        """V opens the newest confirmation link and types the password V knows."""
        self._owner_got(
            self._use(
                OWNERS, self.owner, True,
                lambda text: ConfirmEmail(token=text, password=OWNERS_PASSWORD), Purpose.CONFIRM_REGISTRATION,
            )
        )  # fmt: skip

    def owner_asks_for_a_reset(self) -> None:
        """V has forgotten the password."""
        self.shop.handle(RequestPasswordReset(email=OWNERS), by=self.owner)

    def owner_resets(self) -> None:
        """V uses the link of the reset mail."""
        self._owner_got(
            self._use(
                OWNERS, self.owner, True,
                lambda text: ResetPassword(token=text, new_password=OWNERS_PASSWORD), Purpose.RESET_PASSWORD,
            )
        )  # fmt: skip

    def owner_uses_google(self) -> None:
        """V signs in with Google, which answers for v@."""
        identity = self._identity("google", "v", IdentityUse.SIGN_IN, self.owner, proven=True)
        self._owner_got(self.shop.handle(SignInWithIdentity(identity=identity), by=self.owner))

    def owner_signs_in(self) -> None:
        """V signs in with V's password."""
        self._owner_got(self.shop.handle(SignIn(email=OWNERS, password=OWNERS_PASSWORD), by=self.owner))

    def owner_orders_as_guest(self) -> None:
        """V orders without an account."""
        self._guest_order(OWNERS, self.owner)

    def owner_clicks_a_change_of_address(self) -> None:
        """V opens a link "confirm your new address" that reached v@, whoever asked for it."""
        answer = self._use(
            OWNERS,
            self.owner,
            True,
            lambda text: ConfirmEmailChange(token=text),
            Purpose.CONFIRM_EMAIL_CHANGE,
        )
        self._owner_got(answer)

    def owner_says_it_was_not_me(self) -> None:
        """V opens a link "this was not me"."""
        self._use(
            OWNERS, self.owner, True, lambda text: CancelEmailChange(token=text), Purpose.CANCEL_EMAIL_CHANGE
        )

    def owner_claims(self) -> None:
        """V takes guest orders into the account."""
        if self.owners_session is not None:
            by = self._customer(self.owners_session, self.owner)
            self._remember(self.shop.handle(ClaimGuestOrders(), by=by))

    def owner_undoes_a_claim(self) -> None:
        """V opens the link "this was not me" of a claim."""
        self._use(OWNERS, self.owner, True, lambda text: UndoClaim(token=text), Purpose.UNDO_CLAIM)

    def owner_closes(self) -> None:
        """V closes the account."""
        if self.owners_session is not None:
            by = self._customer(self.owners_session, self.owner)
            answer = self.shop.handle(CloseAccount(current_password=OWNERS_PASSWORD), by=by)
            if not isinstance(answer, Refused):
                self.owners_session, self.proven = None, False

    # What the attacker does -------------------------------------------------------------------------------

    def _attacker_got(self, answer: Any) -> None:
        session = getattr(answer, "session", None)
        if session is not None:
            self.attackers_sessions.append(session)

    def attacker_registers_the_owner(self) -> None:
        """M registers v@ with M's password."""
        self.shop.handle(Register(email=OWNERS, password=ATTACKERS_PASSWORD, name="M"), by=self.attacker)

    def attacker_lets_one_be_generated(self) -> None:
        """M registers v@ with a generated password."""
        self.shop.handle(Register(email=OWNERS, generate_password=True), by=self.attacker)

    def attacker_registers(self) -> None:
        """M registers M's own address."""
        self.shop.handle(Register(email=ATTACKERS, password=ATTACKERS_PASSWORD), by=self.attacker)

    def attacker_confirms(self) -> None:
        """M confirms what reached m@."""
        self._attacker_got(
            self._use(
                ATTACKERS, self.attacker, True,
                lambda text: ConfirmEmail(token=text, password=ATTACKERS_PASSWORD), Purpose.CONFIRM_REGISTRATION,
            )
        )  # fmt: skip

    def attacker_corrects(self) -> None:
        """M turns a registration of M's browser to v@."""
        self.shop.handle(CorrectRegistrationAddress(email=OWNERS), by=self.attacker)

    def attacker_turns_it_back(self) -> None:
        """M turns a registration of M's browser to m@."""
        self.shop.handle(CorrectRegistrationAddress(email=ATTACKERS), by=self.attacker)

    def attacker_resends(self) -> None:
        """M has the confirmation sent to v@ again."""
        self.shop.handle(ResendConfirmation(email=OWNERS), by=self.attacker)

    def attacker_guesses_a_code(self) -> None:
        """M guesses a short code."""
        self._attacker_got(self.shop.handle(ConfirmEmail(code="AAAAAAAA"), by=self.attacker))

    def attacker_signs_in(self) -> None:
        """M signs in to M's own account."""
        self._attacker_got(
            self.shop.handle(SignIn(email=ATTACKERS, password=ATTACKERS_PASSWORD), by=self.attacker)
        )

    def attacker_asks_for_a_reset(self) -> None:
        """M asks for a reset of v@."""
        self.shop.handle(RequestPasswordReset(email=OWNERS), by=self.attacker)

    def attacker_moves_to_the_owners_address(self) -> None:
        """M asks to change the address of M's account to v@."""
        for session in self.attackers_sessions[-1:]:
            command = RequestEmailChange(email=OWNERS, current_password=ATTACKERS_PASSWORD)
            self.shop.handle(command, by=self._customer(session, self.attacker))

    def attacker_uses_every_link(self) -> None:
        """M uses all links that reached m@, for whatever they are."""
        commands: dict[Purpose, Callable[[str], Any]] = {
            Purpose.CONFIRM_EMAIL_CHANGE: lambda text: ConfirmEmailChange(token=text),
            Purpose.CANCEL_EMAIL_CHANGE: lambda text: CancelEmailChange(token=text),
            Purpose.APPROVE_IDENTITIES: lambda text: ApproveIdentities(token=text),
            Purpose.UNDO_CLAIM: lambda text: UndoClaim(token=text),
            Purpose.RESET_PASSWORD: lambda text: ResetPassword(token=text, new_password=ATTACKERS_PASSWORD),
        }
        for purpose, make in commands.items():
            self._attacker_got(self._use(ATTACKERS, self.attacker, True, make, purpose))

    def attacker_uses_facebook(self) -> None:
        """M signs in with a Facebook account that claims v@ without proof."""
        identity = self._facebook(IdentityUse.SIGN_IN)
        self._attacker_got(self.shop.handle(SignInWithIdentity(identity=identity), by=self.attacker))

    def attacker_links_facebook(self) -> None:
        """M links that Facebook account to M's own account."""
        identity = self._facebook(IdentityUse.LINK)
        for session in self.attackers_sessions[-1:]:
            self.shop.handle(LinkIdentity(identity=identity), by=self._customer(session, self.attacker))

    def attacker_unlinks_facebook(self) -> None:
        """M unlinks it again."""
        for session in self.attackers_sessions[-1:]:
            self.shop.handle(UnlinkIdentity(provider="facebook"), by=self._customer(session, self.attacker))

    def attacker_orders_as_the_owner(self) -> None:
        """M orders as a guest under v@, with an account asked for."""
        self._guest_order(OWNERS, self.attacker)

    def attacker_claims(self) -> None:
        """M claims guest orders."""
        for session in self.attackers_sessions[-1:]:
            by = self._customer(session, self.attacker)
            self._remember(self.shop.handle(ClaimGuestOrders(), by=by))

    def attacker_claims_by_number(self) -> None:
        """M has found a parcel of v@ and knows its number and postcode."""
        for session in self.attackers_sessions[-1:]:
            by = self._customer(session, self.attacker)
            for number in range(1, self.orders + 1):
                self._remember(self.shop.handle(ClaimOrder(number=f"o{number}", postcode="8010"), by=by))

    def attacker_undoes_every_claim(self) -> None:
        """M knows the ids of all claims and undoes them, signed in and not."""
        for claim_id in self.claims:
            command = UndoClaim(claim_id=claim_id, reason="mine")
            outcome = self.shop.handle(command, by=self.attacker)
            assert isinstance(outcome, Refused), "a visitor undid a claim by its id"
            for session in self.attackers_sessions[-1:]:
                by = self._customer(session, self.attacker)
                outcome = self.shop.handle(command, by=by)
                own = not isinstance(outcome, Refused)
                assert not (own and session.account_id in self.owners_accounts), "M undid a claim of V"

    def attacker_looks_what_could_be_claimed(self) -> None:
        """M has the preview shown, whatever the account's address is."""
        for session in self.attackers_sessions[-1:]:
            view = self.shop.handle(PreviewClaim(), by=self._customer(session, self.attacker))
            own = [one for one in self.shop.stored(OrderRecord) if one.email_key == ATTACKERS]
            shown = view.orders if isinstance(view, ClaimPreview) else 0
            assert shown <= len(own), "the attacker learns of orders of v@"

    def _remember(self, outcome: Any) -> None:
        claim_id = getattr(outcome, "claim_id", None)
        if claim_id is not None and claim_id not in self.claims:
            self.claims.append(claim_id)

    def attacker_asks_to_merge(self) -> None:
        """Ask, from each own account, for that of v@, and for the own second one."""
        for session in self.attackers_sessions[-2:]:
            customer = self._customer(session, self.attacker)
            for email in (OWNERS, ATTACKERS):
                asked = RequestMerge(email=email, current_password=ATTACKERS_PASSWORD)
                self.shop.handle(asked, by=customer)

    def attacker_merges(self) -> None:
        """Use every link to merge that the attacker can read, in every own session."""
        for _, text in self._links(ATTACKERS, Purpose.CONFIRM_MERGE):
            for session in self.attackers_sessions[-2:]:
                self.shop.handle(MergeAccounts(token=text), by=self._customer(session, self.attacker))

    def owner_asks_to_merge(self) -> None:
        """Name the attacker's address as one's own, by mistake."""
        if self.owners_session is not None:
            customer = self._customer(self.owners_session, self.owner)
            asked = RequestMerge(email=ATTACKERS, current_password=OWNERS_PASSWORD)
            self.shop.handle(asked, by=customer)

    def owner_opens_a_link_to_merge(self) -> None:
        """Open what the attacker caused, where the owner is signed in and where not."""
        for _, text in self._links(OWNERS, Purpose.CONFIRM_MERGE):
            self.shop.handle(InspectLink(token=text), by=self.owner)
            if self.owners_session is not None:
                customer = self._customer(self.owners_session, self.owner)
                self.shop.handle(MergeAccounts(token=text), by=customer)

    def attacker_undoes_merges(self) -> None:
        """Say "this was not me" wherever a mail allows it."""
        for _, text in self._links(ATTACKERS, Purpose.UNDO_MERGE):
            self.shop.handle(UndoMerge(token=text), by=self.attacker)

    def attacker_changes_the_password(self) -> None:
        """M changes the password of whatever M is signed in to."""
        for session in self.attackers_sessions[-1:]:
            command = ChangePassword(current_password=ATTACKERS_PASSWORD, new_password=ATTACKERS_PASSWORD)
            self._attacker_got(self.shop.handle(command, by=self._customer(session, self.attacker)))

    def attacker_signs_out(self) -> None:
        """M ends all M's sessions."""
        for session in self.attackers_sessions[-1:]:
            self.shop.handle(SignOutEverywhere(), by=self._customer(session, self.attacker))

    def an_hour_passes(self) -> None:
        """Time goes by."""
        self.shop.clock.now += timedelta(hours=1)

    def two_days_pass(self) -> None:
        """More time goes by."""
        self.shop.clock.now += timedelta(days=2, hours=1)

    # What must hold ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """State the invariant."""
        accounts = [one for one in self.shop.stored(AccountRecord) if one.email_key == OWNERS]
        assert len(accounts) <= 1, "one address has two accounts"
        orders = [one for one in self.shop.stored(OrderRecord) if one.email_key == OWNERS and one.owner]
        strange = [one for one in orders if one.owner not in self.owners_accounts]
        assert not strange, "an order of v@ belongs to an account that its owner never had"
        if not self.proven:
            assert accounts == [], "an account of v@ exists before its owner proved the mailbox"
            open_owners = {one.id for one in self.shop.stored(AccountRecord) if one.is_open}
            early = [one for one in orders if one.owner in open_owners]
            assert not early, "an order of v@ was claimed before the proof"
            return
        assert accounts, "the owner's account was taken away from v@"
        (account,) = accounts
        self._attacker_is_locked_out(account)

    def _attacker_is_locked_out(self, account: AccountRecord) -> None:
        attempt = self.shop.handle(SignIn(email=OWNERS, password=ATTACKERS_PASSWORD), by=self.attacker)
        assert isinstance(attempt, Refused), "the attacker's password opens the owner's account"
        assert account.id not in {one.account_id for one in self.attackers_sessions}, (
            "the attacker had a session"
        )
        identity = self._facebook(IdentityUse.SIGN_IN)
        session = getattr(self._dry(SignInWithIdentity(identity=identity)), "session", None)
        assert session is None or session.account_id != account.id, (
            "the attacker's identity opens the account"
        )
        for one in self.attackers_sessions:
            view = self.shop.handle(MyAccount(), by=self._customer(one, self.attacker))
            assert isinstance(view, Refused) or view.email != OWNERS, "the attacker reads the owner's account"

    def _dry(self, command: Any) -> Any:
        """Give the answer of a command, with nothing written."""
        before, tables = self.shop.clock.now, self.shop.storage._tables
        answer = self.shop.handle(command, by=self.attacker)
        self.shop.storage._tables, self.shop.clock.now = tables, before
        return answer


ACTIONS: tuple[str, ...] = tuple(
    sorted(name for name in vars(World) if name.startswith(("owner_", "attacker_", "an_", "two_")))
)
