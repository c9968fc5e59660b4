"""A merge of two accounts is taken back."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from customer_accounts.account import AccountStatus, Company
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.belongings import SubscriptionStatus
from customer_accounts.changes import Remove, insert, update
from customer_accounts.features.account_merge import AccountsMerged, MergeAccounts
from customer_accounts.features.account_merge_undo import MergeUndone, UndoMerge
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.privacy import CloseAccount, ExportMyData
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.merge import MergeRecord
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.ports import Storage
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import FixedClock, cheap_settings, records
from customer_accounts.token import TokenRecord
from customer_accounts.vat import VatStatus
from tests.features.test_account_merge import CHEF, GIVEN, Two, _session
from tests.merging import ANNA, BERT, EVERYTHING, Has, Signed, belongings, content, seen
from tests.orders import place
from tests.shop import PASSWORD

UNDO: dict[str, Any] = {"surviving": ANNA, "absorbed": BERT, "reason": "two persons"}

having = st.builds(
    Has,
    name=st.sampled_from(["", "Anna", "Bert"]),
    addresses=st.lists(st.sampled_from(["Ring 5", "ring 5", "Gasse 7"]), unique_by=str.lower, max_size=2).map(
        tuple
    ),
    lists=st.lists(st.sampled_from(["Büro", "Büro (2)", "Haus"]), unique=True, max_size=2).map(tuple),
    vat_number=st.sampled_from(["", "ATU12345675", "DE136695976"]),
    newsletter=st.sampled_from([None, *SubscriptionStatus]),
    identities=st.lists(st.sampled_from(["google", "facebook"]), unique=True, max_size=2).map(tuple),
    orders=st.integers(0, 2),
    claimed=st.integers(0, 2),
)

SQL = SqlStorage("sqlite://")
SQL.create_schema()
SQL_TABLES = metadata.sorted_tables


@settings(max_examples=40)
@given(own=having, other=having, on_sql=st.booleans())
def test_undo_is_exact(own: Has, other: Has, on_sql: bool) -> None:
    """undo(merge(x)) == x, over memory and SQL, for whatever two accounts have; and no order is lost on the way."""
    storage: Storage = SQL if on_sql else MemoryStorage()
    if on_sql:
        with SQL._transactions.writing() as connection:
            for table in reversed(SQL_TABLES):
                connection.execute(table.delete())
    shop = Accounts(storage, cheap_settings(four_eyes=frozenset()), clock=FixedClock())
    (one, first), (two, second) = belongings(ANNA, own), belongings(BERT, other)
    storage.write([*first, *second])
    before = [content(seen(storage, account.id)) for account in (one, two)]
    merged = shop.require(MergeAccounts(**GIVEN), by=CHEF)
    assert merged.orders == other.orders + other.claimed
    assert len(seen(storage, one.id).orders) == own.orders + own.claimed + merged.orders
    undone = shop.require(UndoMerge(**UNDO), by=CHEF)
    assert undone == MergeUndone(merged.merge_id, one.id, two.id, merged.orders)
    # Staff moved the sign-ins unapproved; they come back as they were.
    assert [content(seen(storage, account.id)) for account in (one, two)] == before


def _undo(two: Two, by: Agent = CHEF, **more: Any) -> MergeUndone | Refused:
    return two.shop.handle(UndoMerge(**UNDO | more), by=by)


def _merged(own: Has = EVERYTHING, other: Has = EVERYTHING) -> Two:
    two = Two(own, other)
    assert isinstance(two.merge(), AccountsMerged)
    return two


class TestTheLink:
    """UndoMerge by the link in the absorbed account's mailbox."""

    def test_this_was_not_me(self) -> None:
        """LG-04: no session is needed; the account, its password and its address are back."""
        two = Signed()
        two.merge()
        link = two.shop.link(two.shop.mails(MailPurpose.ACCOUNTS_MERGED)[-1])
        undone = two.shop.require(UndoMerge(token=link), by=two.shop.visitor())
        assert undone.absorbed_id == two.bert.account_id
        signed_in = two.shop.require(SignIn(email=BERT, password=SecretStr(PASSWORD)), by=two.shop.visitor())
        assert isinstance(signed_in, SignedIn)
        assert {one.to for one in two.shop.mails(MailPurpose.MERGE_UNDONE)} == {ANNA, BERT}
        assert len(two.shop.events(EventKind.MERGE_UNDONE)) == 1

    def test_works_once(self) -> None:
        """TK-05: the second click is told that it is done."""
        two = Signed()
        two.merge()
        link = two.shop.link(two.shop.mails(MailPurpose.ACCOUNTS_MERGED)[-1])
        two.shop.require(UndoMerge(token=link), by=two.shop.visitor())
        assert two.shop.handle(UndoMerge(token=link), by=two.shop.visitor()) == Refused(Reason.ALREADY_DONE)

    def test_outlives_a_new_password_of_the_surviving_account(self) -> None:
        """PH-10: whoever took an account by a merge cannot bury the way back."""
        two = Signed()
        two.merge()
        link = two.shop.link(two.shop.mails(MailPurpose.ACCOUNTS_MERGED)[-1])
        changed = ChangePassword(
            current_password=SecretStr(PASSWORD), new_password=SecretStr("a lake full of reeds")
        )
        two.shop.require(changed, by=two.customer)
        assert isinstance(two.shop.handle(UndoMerge(token=link), by=two.shop.visitor()), MergeUndone)

    def test_ends_with_the_window(self) -> None:
        """TK-04, DP-01: after two weeks the link is dead and nothing is kept of the absorbed account."""
        two = Signed()
        two.merge()
        link = two.shop.link(two.shop.mails(MailPurpose.ACCOUNTS_MERGED)[-1])
        two.shop.clock.forward(days=14, seconds=1)
        assert two.shop.handle(UndoMerge(token=link), by=two.shop.visitor()) == Refused(Reason.LINK_EXPIRED)
        two.shop.accounts.purge()
        assert two.shop.stored(MergeRecord) == []

    def test_a_closed_survivor_takes_it_along(self) -> None:
        """DP-01: whoever closes the account is forgotten, with what a merge kept."""
        two = Signed()
        two.merge()
        link = two.shop.link(two.shop.mails(MailPurpose.ACCOUNTS_MERGED)[-1])
        two.shop.require(CloseAccount(current_password=SecretStr(PASSWORD)), by=two.customer)
        assert two.shop.stored(MergeRecord) == []
        assert two.shop.handle(UndoMerge(token=link), by=two.shop.visitor()) == Refused(Reason.LINK_INVALID)

    def test_the_address_may_be_taken(self) -> None:
        """EM-03: the mailbox has opened another account meanwhile; nobody loses it."""
        two = Signed()
        two.merge()
        again = two.shop.open_account(BERT)
        refused = two.shop.handle(UndoMerge(surviving=ANNA, absorbed=BERT, reason="x"), by=CHEF)
        assert refused == Refused(Reason.ADDRESS_TAKEN)
        assert two.shop.account(again.account_id).is_open

    def test_is_in_the_export(self) -> None:
        """DP-01: what is kept of a merge is told, without any hash."""
        two = Signed()
        two.merge()
        data = two.shop.require(ExportMyData(), by=two.customer).to_json()
        assert BERT in data
        assert "argon2" not in data


class TestByStaff:
    """UndoMerge by an agent."""

    def test_says_who_and_why(self) -> None:
        """LG-02: the claim of the merge is marked, the trail has the reason at both accounts."""
        two = _merged()
        assert isinstance(_undo(two), MergeUndone)
        assert {one.detail.partition(" ")[2] for one in two.shop.events(EventKind.MERGE_UNDONE)} == {
            "two persons"
        }
        assert two.shop.stored(TokenRecord) == []

    def test_wants_permission_reason_and_a_merge(self) -> None:
        """Nobody undoes without a reason, what never was, or after the window."""
        two = Two()
        assert _undo(two, Agent("9")) == Refused(Reason.PERMISSION_MISSING, detail="merge_accounts")
        assert _undo(two, reason=" ") == Refused(Reason.EVIDENCE_NEEDED, field="reason")
        assert _undo(two) == Refused(Reason.NOT_FOUND, field="absorbed")
        two.merge()
        two.shop.clock.forward(days=14, seconds=1)
        assert _undo(two) == Refused(Reason.NOT_FOUND, field="absorbed")

    def test_again_it_changes_nothing(self) -> None:
        """RL-08: a repeat is told that it is done."""
        two = _merged()
        first = _undo(two)
        before = two.shop.storage._tables
        again = _undo(two)
        assert isinstance(first, MergeUndone)
        assert isinstance(again, MergeUndone)
        assert evolve(again, orders=first.orders) == first
        assert two.shop.storage._tables is before

    def test_what_was_done_is_told_to_those_who_may_do_it(self) -> None:
        """AZ-01: an agent without the permission does not learn which accounts were one."""
        two = _merged()
        _undo(two)
        assert _undo(two, Agent("9")) == Refused(Reason.PERMISSION_MISSING, detail="merge_accounts")

    def test_addresses_are_an_agents_way(self) -> None:
        """AZ-01: a visitor has the link or nothing."""
        two = _merged()
        refused = two.shop.handle(UndoMerge(**UNDO), by=two.shop.visitor())
        assert refused == Refused(Reason.NOT_FOUND, field="token")

    @pytest.mark.parametrize(
        "fields", [{}, {"surviving": ANNA}, {"token": "x", "surviving": ANNA, "absorbed": BERT}]
    )
    def test_a_link_or_both_addresses(self, fields: dict[str, str]) -> None:
        """Contradictions are told before anything is read."""
        with pytest.raises(ValidationError):
            UndoMerge(**fields)


class TestThreeWays:
    """What the customer changed since the merge stays changed."""

    def test_a_changed_address_goes_back_changed(self) -> None:
        """A moved address comes back as it is now; a deleted one stays deleted."""
        two = _merged(Has(), Has(addresses=("Ring 5", "Gasse 7")))
        moved, deleted = seen(two.shop.storage, two.own.id).addresses
        new = evolve(moved, address=evolve(moved.address, street="Ring 6"))
        two.shop.storage.write([update(moved, new), Remove(deleted)])
        _undo(two)
        (found,) = seen(two.shop.storage, two.other.id).addresses
        assert found.address.street == "Ring 6"
        assert seen(two.shop.storage, two.own.id).addresses == ()

    def test_defaults_follow_what_is_there(self) -> None:
        """A default that was deleted is another one; a list that was deleted is no default any more."""
        two = _merged(Has(), Has(addresses=("Ring 5", "Gasse 7"), lists=("Büro", "Haus")))
        facts = seen(two.shop.storage, two.own.id)
        (gone,) = [one for one in facts.addresses if one.id == two.other.default_address]
        (list_gone,) = [one for one in facts.wish_lists if one.id == two.other.default_wish_list]
        two.shop.storage.write([Remove(gone), Remove(list_gone)])
        _undo(two)
        facts = seen(two.shop.storage, two.other.id)
        (account,) = facts.accounts
        assert account.default_address == facts.addresses[0].id
        assert account.default_wish_list is None

    def test_a_renamed_list_keeps_its_name(self) -> None:
        """The former name comes back only where nobody gave it another."""
        two = _merged(Has(lists=("Büro",)), Has(lists=("Büro", "Haus")))
        (renamed,) = [one for one in seen(two.shop.storage, two.own.id).wish_lists if one.name == "Büro (2)"]
        two.shop.storage.write([update(renamed, evolve(renamed, name="Keller"))])
        _undo(two)
        assert {one.name for one in seen(two.shop.storage, two.other.id).wish_lists} == {"Keller", "Haus"}

    def test_another_name_and_company_stay(self) -> None:
        """What the surviving account got goes only if it still is what it got."""
        two = _merged(Has(), Has(name="Bert", vat_number="ATU12345675"))
        company = Company("Neu GmbH", "DE136695976", "DE136695976", VatStatus.VALID)
        two.shop.change(two.own.id, name="Anna", company=company)
        _undo(two)
        own, other = two.shop.account(two.own.id), two.shop.account(two.other.id)
        assert (own.name, own.company) == ("Anna", company)
        assert (other.name, other.company) == ("Bert", two.other.company)

    def test_an_answer_of_the_register_goes_back_with_the_number(self) -> None:
        """The company is the same one; what the register said meanwhile is true of it in both accounts."""
        two = _merged(Has(), Has(vat_number="ATU12345675"))
        got = two.shop.account(two.own.id).company
        assert got is not None
        two.shop.change(two.own.id, company=evolve(got, vat_status=VatStatus.VALID))
        _undo(two)
        assert two.shop.account(two.own.id).company is None
        company = two.shop.account(two.other.id).company
        assert company is not None
        assert company.vat_status is VatStatus.VALID

    def test_a_new_wish_for_the_newsletter_stays(self) -> None:
        """A subscription that the merge ended and the customer renewed is the customer's."""
        two = _merged(Has(newsletter=SubscriptionStatus.ACTIVE), Has(newsletter=SubscriptionStatus.ENDED))
        (ended,) = seen(two.shop.storage, two.own.id).subscriptions
        two.shop.storage.write(
            [update(ended, evolve(ended, status=SubscriptionStatus.PENDING, ended_at=None))]
        )
        _undo(two)
        (found,) = seen(two.shop.storage, two.own.id).subscriptions
        assert found.status is SubscriptionStatus.PENDING

    def test_an_ended_newsletter_comes_back(self) -> None:
        """What the stricter wish ended is as it was, with its consent."""
        two = _merged(Has(newsletter=SubscriptionStatus.ACTIVE), Has(newsletter=SubscriptionStatus.ENDED))
        _undo(two)
        own, other = (seen(two.shop.storage, one.id).subscriptions for one in (two.own, two.other))
        assert [one.status for one in (*own, *other)] == [SubscriptionStatus.ACTIVE, SubscriptionStatus.ENDED]

    def test_a_survivor_that_is_gone_gives_nothing_back(self) -> None:
        """A closed account opens no other one, by whatever way it was closed."""
        two = Signed()
        two.merge()
        link = two.shop.link(two.shop.mails(MailPurpose.ACCOUNTS_MERGED)[-1])
        two.shop.change(two.anna.account_id, status=AccountStatus.CLOSED)
        assert two.shop.handle(UndoMerge(token=link), by=two.shop.visitor()) == Refused(Reason.LINK_INVALID)

    def test_what_was_ordered_since_stays(self) -> None:
        """GM-02: an order of the surviving account after the merge is no order of the other."""
        two = _merged(Has(orders=1), Has(orders=1))
        place(two.shop, "new", by=_session(two, two.own.id), email="")
        _undo(two)
        assert len(seen(two.shop.storage, two.own.id).orders) == 2
        assert len(seen(two.shop.storage, two.other.id).orders) == 1

    def test_an_approved_sign_in_goes_back_approved(self) -> None:
        """An identity that was unlinked meanwhile stays unlinked."""
        two = _merged(Has(), Has(identities=("google", "facebook")))
        facebook, google = sorted(seen(two.shop.storage, two.own.id).identities, key=lambda one: one.provider)
        two.shop.storage.write([Remove(facebook), update(google, evolve(google, approved=True))])
        _undo(two)
        (found,) = seen(two.shop.storage, two.other.id).identities
        assert (found.provider, found.approved) == ("google", True)


def test_merges_of_merges_are_undone_in_any_order() -> None:
    """C into B, B into A: whichever is undone first, each account ends with what it had."""
    for first in (("B", "C"), ("A", "B")):
        storage = MemoryStorage()
        shop = Accounts(storage, cheap_settings(four_eyes=frozenset()), clock=FixedClock())
        emails = {name: f"{name.lower()}@mail.example" for name in "ABC"}
        made = {name: belongings(email, EVERYTHING) for name, email in emails.items()}
        storage.write([change for _, changes in made.values() for change in changes])
        before = {name: content(seen(storage, account.id)) for name, (account, _) in made.items()}
        for surviving, absorbed in (("B", "C"), ("A", "B")):
            given = GIVEN | {"surviving": emails[surviving], "absorbed": emails[absorbed]}
            shop.require(MergeAccounts(**given), by=CHEF)
        assert len(seen(storage, made["A"][0].id).orders) == 15
        # Undone first, C goes back out of A, where B's merge took it.
        order = (("A", "C"), ("A", "B")) if first == ("B", "C") else (("A", "B"), ("B", "C"))
        for surviving, absorbed in order:
            given = UNDO | {"surviving": emails[surviving], "absorbed": emails[absorbed]}
            shop.require(UndoMerge(**given), by=CHEF)
        after = {name: content(seen(storage, account.id)) for name, (account, _) in made.items()}
        assert {name: len(one["orders"]) for name, one in after.items()} == {"A": 5, "B": 5, "C": 5}
        assert after["C"] == before["C"]
        assert after["A"] == before["A"]
        assert after["B"] == before["B"]


def test_records_of_another_merge_are_left_alone() -> None:
    """A merge with somebody else is not touched by an undo."""
    two = _merged()
    other = records.a_merge(surviving=two.own.id)
    two.shop.storage.write([insert(other)])
    _undo(two)
    assert two.shop.stored(MergeRecord) == [other]
