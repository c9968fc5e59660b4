"""Two accounts of the same person become one."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve
from pydantic import SecretStr, ValidationError

from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.belongings import SubscriptionStatus
from customer_accounts.changes import insert
from customer_accounts.features.account_merge import (
    AccountsMerged,
    MergeAccounts,
    MergePreview,
    PreviewMerge,
)
from customer_accounts.features.benefits import MyAccount
from customer_accounts.features.email_confirmation import InspectLink, Needs
from customer_accounts.features.merge_rules import CONFLICT_RULES
from customer_accounts.features.my_orders import MyOrders
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.sign_in import SignIn
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.records import an_identity
from customer_accounts.token import Purpose, TokenRecord
from tests.merging import ANNA, BERT, EVERYTHING, Has, Signed, belongings, seen
from tests.orders import SYSTEM
from tests.shop import ELSEWHERE, PASSWORD, Shop

CHEF = Agent("1", may=frozenset({"merge_accounts", "approve"}))
SECOND = Agent("2", may=frozenset({"merge_accounts", "approve"}))
GIVEN: dict[str, Any] = {
    "surviving": ANNA, "absorbed": BERT, "reason": "two addresses", "evidence": "ID card",
}  # fmt: skip


class Two:
    """A shop with two accounts of Anna."""

    def __init__(self, own: Has = EVERYTHING, other: Has = EVERYTHING, **settings: Any) -> None:
        self.shop = Shop(**{"four_eyes": frozenset()} | settings)
        self.own, one = belongings(ANNA, own)
        self.other, two = belongings(BERT, other)
        self.shop.storage.write([*one, *two])

    def merge(self, by: Agent = CHEF, **more: Any) -> AccountsMerged | Refused:
        """Merge them as an agent."""
        return self.shop.handle(MergeAccounts(**GIVEN | more), by=by)

    def preview(self) -> MergePreview:
        """Look first."""
        return self.shop.require(PreviewMerge(surviving=ANNA, absorbed=BERT), by=CHEF)


class TestByTheCustomer:
    """MergeAccounts with the link."""

    def test_both_are_proven(self) -> None:
        """PH-10: signed in to one account and the link of the other mailbox make them one."""
        two = Signed()
        view = two.shop.require(InspectLink(token=two.link), by=two.shop.visitor())
        assert (view.purpose, view.needs) == (Purpose.CONFIRM_MERGE, Needs.SIGN_IN)
        preview = two.shop.require(PreviewMerge(token=two.link), by=two.customer)
        assert (preview.surviving, preview.absorbed) == ("a***@mail.example", "a***@post.example")
        merged = two.merge()
        assert (merged.account_id, merged.absorbed_id) == (two.anna.account_id, two.bert.account_id)
        assert not two.shop.account(two.bert.account_id).is_open
        assert two.shop.require(MyAccount(), by=two.customer)

    def test_the_link_alone_is_not_enough(self) -> None:
        """PH-10, SO-05: it works only signed in to the account that asked, not to the other and not to a third."""
        two = Signed()
        third = two.shop.open_account("carl@mail.example")
        for session in (two.bert.session, third.session):
            assert two.merge(two.shop.customer(session)) == Refused(Reason.REAUTHENTICATE)
        assert two.merge(two.shop.visitor()) == Refused(Reason.NOT_ALLOWED)
        assert two.shop.account(two.bert.account_id).is_open

    def test_works_once(self) -> None:
        """TK-05, RL-08: the second click is told that it is done."""
        two = Signed()
        link = two.link
        two.merge()
        again = two.shop.handle(MergeAccounts(token=link), by=two.customer)
        assert again == Refused(Reason.ALREADY_DONE)

    def test_the_link_ends(self) -> None:
        """TK-04: after a day; a link of another purpose is none (TK-03)."""
        two = Signed()
        two.shop.clock.forward(hours=24, seconds=1)
        assert two.merge() == Refused(Reason.LINK_EXPIRED)
        two.shop.require(RequestPasswordReset(email=BERT), by=two.shop.visitor())
        reset = two.shop.link(two.shop.mails(MailPurpose.RESET_PASSWORD)[-1])
        wrong = two.shop.handle(MergeAccounts(token=reset), by=two.customer)
        assert wrong == Refused(Reason.LINK_INVALID)

    def test_a_link_to_what_is_gone(self) -> None:
        """TK-06: the other account got another address meanwhile; nothing is merged."""
        two = Signed()
        two.shop.change(two.bert.account_id, email="new@mail.example", email_key="new@mail.example")
        assert two.merge() == Refused(Reason.LINK_INVALID)

    def test_addresses_are_an_agents_way(self) -> None:
        """AZ-01: a customer cannot name two accounts, and an agent has no link."""
        two = Signed()
        command = MergeAccounts(**GIVEN)
        assert two.shop.handle(command, by=two.customer) == Refused(Reason.NOT_FOUND, field="token")
        by_link = two.shop.handle(MergeAccounts(token=two.link), by=CHEF)
        assert isinstance(by_link, Refused)
        assert by_link.reason is Reason.NOT_FOUND
        look = two.shop.handle(PreviewMerge(surviving=ANNA, absorbed=BERT), by=two.customer)
        assert isinstance(look, Refused)

    def test_sign_ins_move_and_work(self) -> None:
        """CONFLICT_RULES: a linked identity signs in to the surviving account."""
        two = Signed()
        own = an_identity(account_id=two.bert.account_id)
        two.shop.storage.write([insert(own)])
        two.merge()
        (identity,) = two.shop.stored(type(own))
        assert (identity.account_id, identity.approved) == (two.anna.account_id, True)

    def test_everything_of_the_absorbed_account_ends(self) -> None:
        """SE-02, TK-06: its session, its links, its sign-in; the address is free."""
        two = Signed()
        two.shop.require(RequestPasswordReset(email=BERT), by=two.shop.visitor())
        two.merge()
        ended = two.shop.handle(MyAccount(), by=two.shop.customer(two.bert.session))
        assert ended == Refused(Reason.SESSION_ENDED)
        failed = two.shop.handle(SignIn(email=BERT, password=SecretStr(PASSWORD)), by=two.shop.visitor())
        assert failed == Refused(Reason.SIGN_IN_FAILED)
        left = {one.purpose for one in two.shop.stored(TokenRecord) if one.account_id == two.bert.account_id}
        assert left <= {Purpose.UNDO_MERGE, Purpose.CONFIRM_REGISTRATION}
        assert two.shop.open_account(BERT).account_id != two.bert.account_id

    def test_both_owners_are_told(self) -> None:
        """LG-04: the surviving mailbox and the absorbed one, whose mail has the way back."""
        two = Signed()
        two.merge()
        own, other = two.shop.mails(MailPurpose.ACCOUNTS_MERGED)
        assert (own.to, own.token, own.detail("audience")) == (ANNA, None, "surviving")
        assert (other.to, other.detail("audience"), other.detail("new_address")) == (
            BERT, "absorbed", "a***@mail.example",
        )  # fmt: skip
        assert other.token is not None
        (merged,), (ended,) = (
            two.shop.events(one) for one in (EventKind.ACCOUNTS_MERGED, EventKind.ACCOUNT_CLOSED)
        )
        assert (merged.account_id, ended.account_id) == (two.anna.account_id, two.bert.account_id)


class TestRules:
    """What becomes of what."""

    def test_nothing_is_lost(self) -> None:
        """GM-02: all orders, addresses, lists and sign-ins of both are in one account."""
        two = Two()
        merged = two.merge()
        assert isinstance(merged, AccountsMerged)
        assert merged.orders == 5
        facts = seen(two.shop.storage, two.own.id)
        assert (len(facts.orders), len(facts.addresses), len(facts.wish_lists)) == (10, 2, 4)
        assert len(facts.identities) == 2
        shown = two.shop.require(MyOrders(limit=100), by=_session(two, two.own.id))
        assert len(shown.orders) == 10

    def test_orders_keep_their_claims(self) -> None:
        """Truth 6: a claimed order keeps its claim, which comes along; the others name the merge."""
        two = Two()
        merged = two.merge()
        assert isinstance(merged, AccountsMerged)
        facts = seen(two.shop.storage, two.own.id)
        carried = [one for one in facts.claims if one.carried]
        assert [(one.account_id, one.carried[0].from_account) for one in carried] == [
            (two.own.id, two.other.id)
        ]
        ids = [one.claim_id for one in facts.orders]
        assert (ids.count(merged.merge_id), ids.count(carried[0].id)) == (2, 3)

    def test_the_same_address_stays_once(self) -> None:
        """Written differently it is the same one; the surviving account's spelling stays."""
        two = Two(Has(addresses=("Grüne Gasse 5",)), Has(addresses=("grüne  gasse 5,", "Ring 1")))
        assert two.preview().double_addresses == 1
        two.merge()
        facts = seen(two.shop.storage, two.own.id)
        assert {one.address.street for one in facts.addresses} == {"Grüne Gasse 5", "Ring 1"}

    def test_lists_are_never_mixed(self) -> None:
        """A name that is taken gets a number, however long it is; the products stay as they were."""
        long = "W" * 200
        two = Two(Has(lists=("Büro", "Büro (2)", long)), Has(lists=("Büro", long)))
        assert set(two.preview().renamed_lists) == {"Büro (3)", "W" * 196 + " (2)"}
        two.merge()
        facts = seen(two.shop.storage, two.own.id)
        names = sorted(one.name for one in facts.wish_lists)
        assert names == sorted(["Büro", "Büro (2)", "Büro (3)", long, "W" * 196 + " (2)"])
        assert all([one.product for one in own.items] == ["b", "a"] for own in facts.wish_lists)

    def test_the_survivors_ones_count(self) -> None:
        """Name, company, VAT number, password, defaults: the other's only where there is none."""
        other = Has(name="A. Müller", addresses=("Ring 9",), lists=("Mehr",), vat_number="DE136695976")
        two = Two(EVERYTHING, other)
        preview = two.preview()
        assert (preview.kept_vat_number, preview.dropped_vat_number) == ("ATU12345675", "DE136695976")
        assert preview.conflicts == (
            "email", "password", "name", "company", "default_address", "default_wish_list",
        )  # fmt: skip
        two.merge()
        (account,) = seen(two.shop.storage, two.own.id).accounts
        assert evolve(account, version=1) == two.own

    def test_what_is_lacking_is_taken(self) -> None:
        """An empty account gets name, company and the defaults."""
        two = Two(Has(), EVERYTHING)
        assert two.preview().conflicts == ("email", "password")
        two.merge()
        facts = seen(two.shop.storage, two.own.id)
        (account,) = facts.accounts
        assert (account.name, account.company) == (two.other.name, two.other.company)
        assert (account.default_address, account.default_wish_list) == (
            two.other.default_address, two.other.default_wish_list,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("own", "other", "after"),
        [
            (SubscriptionStatus.ACTIVE, SubscriptionStatus.ACTIVE, SubscriptionStatus.ACTIVE),
            (SubscriptionStatus.ACTIVE, SubscriptionStatus.ENDED, SubscriptionStatus.ENDED),
            (SubscriptionStatus.PENDING, SubscriptionStatus.ENDED, SubscriptionStatus.ENDED),
            (SubscriptionStatus.ACTIVE, None, SubscriptionStatus.ACTIVE),
            (SubscriptionStatus.ENDED, SubscriptionStatus.ACTIVE, SubscriptionStatus.ENDED),
            (None, SubscriptionStatus.ACTIVE, None),
            (None, SubscriptionStatus.ENDED, None),
        ],
    )
    def test_consent_is_never_widened(
        self,
        own: SubscriptionStatus | None,
        other: SubscriptionStatus | None,
        after: SubscriptionStatus | None,
    ) -> None:
        """GDPR Art. 7: the stricter wish wins, and no consent covers another address."""
        two = Two(Has(newsletter=own), Has(newsletter=other))
        ends = after is SubscriptionStatus.ENDED and own is not SubscriptionStatus.ENDED
        assert two.preview().newsletter_ends is ends
        two.merge()
        found = [one.status for one in seen(two.shop.storage, two.own.id).subscriptions]
        assert found == ([] if after is None else [after])
        assert seen(two.shop.storage, two.other.id).subscriptions == ()

    def test_by_staff_sign_ins_wait_for_their_owner(self) -> None:
        """PH3, PH-03: staff that was deceived hands nobody a way in; signed in, the owner approves it."""
        two = Two(Has(), Has(identities=("google", "facebook")))
        two.merge()
        assert {one.approved for one in seen(two.shop.storage, two.own.id).identities} == {False}

    def test_the_preview_writes_nothing_and_tells_what_happens(self) -> None:
        """The counts of the preview are those of the merge."""
        two = Two()
        before = two.shop.storage._tables
        preview = two.preview()
        assert two.shop.storage._tables is before
        assert (preview.addresses, preview.double_addresses, preview.wish_lists, preview.sign_ins) == (
            0, 2, 2, 1,
        )  # fmt: skip
        assert set(preview.conflicts) <= set(CONFLICT_RULES)
        merged = two.merge()
        assert isinstance(merged, AccountsMerged)
        assert merged.conflicts == preview.conflicts


def _session(two: Two, account_id: UUID) -> SignedInCustomer:
    account = two.shop.account(account_id)
    return SignedInCustomer(account.id, account.session_epoch, authenticated_at=two.shop.clock.now)


class TestByStaff:
    """MergeAccounts by an agent."""

    def test_wants_reason_and_evidence(self) -> None:
        """GM-03: both, for the audit trail."""
        for missing in ("reason", "evidence"):
            wrong: dict[str, Any] = {missing: " "}
            refused = Two().merge(**wrong)
            assert refused == Refused(Reason.EVIDENCE_NEEDED, field=missing)

    def test_wants_the_permission(self) -> None:
        """Not every agent merges accounts, nor looks what a merge would do."""
        two, weak = Two(), Agent("9")
        assert two.merge(weak) == Refused(Reason.PERMISSION_MISSING, detail="merge_accounts")
        look = two.shop.handle(PreviewMerge(surviving=ANNA, absorbed=BERT), by=weak)
        assert look == Refused(Reason.PERMISSION_MISSING, detail="merge_accounts")

    def test_by_default_two_agents_do_it(self) -> None:
        """Four eyes: the first proposes, the second merges."""
        two = Two(four_eyes={AgentTask.MERGE_ACCOUNTS})
        assert AgentTask.MERGE_ACCOUNTS in Shop().settings.four_eyes
        same: dict[str, Any] = {"id": uuid4()}
        assert two.merge(**same) == Refused(Reason.SECOND_AGENT_NEEDED)
        assert two.shop.account(two.other.id).is_open
        assert isinstance(two.merge(SECOND, **same), AccountsMerged)
        assert not two.shop.account(two.other.id).is_open

    def test_a_repeat_changes_nothing(self) -> None:
        """RL-08: the same command again is told what is so."""
        two = Two()
        same: dict[str, Any] = {"id": uuid4()}
        first = two.merge(**same)
        before = two.shop.storage._tables
        again = two.merge(**same)
        assert isinstance(first, AccountsMerged)
        assert isinstance(again, AccountsMerged)
        assert evolve(again, orders=first.orders) == first
        assert two.shop.storage._tables is before

    def test_missing_and_same_accounts(self) -> None:
        """Each address must have an account, and not the same one."""
        two = Two()
        for name in ("surviving", "absorbed"):
            wrong: dict[str, Any] = {name: "nobody@mail.example"}
            assert two.merge(**wrong) == Refused(Reason.NOT_FOUND, field=name)
        assert two.merge(absorbed=f" {ANNA.upper()}") == Refused(Reason.SAME_ADDRESS, field="absorbed")

    def test_the_reason_stands_in_the_trail(self) -> None:
        """LG-02: at the surviving account; at the other one, that it ended."""
        two = Two()
        merged = two.merge()
        assert isinstance(merged, AccountsMerged)
        details = {one.detail for one in two.shop.events(EventKind.ACCOUNTS_MERGED)}
        assert details == {f"{merged.merge_id} two addresses; evidence: ID card"}

    def test_is_no_systems(self) -> None:
        """AZ-01: a worker merges nothing."""
        wrong: Any = MergeAccounts(**GIVEN)
        assert Two().shop.handle(wrong, by=SYSTEM) == Refused(Reason.NOT_ALLOWED)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"surviving": ANNA},
        {"absorbed": BERT},
        {"token": "x", "absorbed": BERT},
        {"surviving": " ", "absorbed": BERT},
    ],
)
def test_a_link_or_both_addresses(fields: dict[str, str]) -> None:
    """Contradictions are told before anything is read."""
    with pytest.raises(ValidationError):
        PreviewMerge(**fields)


def test_a_stranger_in_the_other_mailbox_gets_nowhere() -> None:
    """PH-10: whoever reads the link without the session, in whatever browser, changes nothing."""
    two = Signed()
    stranger = two.shop.visitor(ELSEWHERE)
    view = two.shop.require(InspectLink(token=two.link), by=stranger)
    assert view.email == "a***@post.example"
    assert two.merge(stranger) == Refused(Reason.NOT_ALLOWED)
