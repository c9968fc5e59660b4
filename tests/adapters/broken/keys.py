"""Storages that let the second one pass."""

from unicodedata import normalize

from attrs import evolve

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.belongings import AddressRecord, WishListRecord
from customer_accounts.changes import Change, Remove, Save, UseToken
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.token import TokenRecord
from tests.adapters.broken.storage import Broken, Overwriting, Writing, breaks


class _Unversioned(Writing):
    """Updates records of a kind whatever their version."""

    kind: type[AccountRecord] | type[WishListRecord]

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Save) and change.expected_version and isinstance(change.record, self.kind):
            there = self.stored(change.record)
            return change if there is None else evolve(change, expected_version=there.version)
        return change


@breaks(
    "test_only_the_expected_version_is_replaced",
    "test_what_is_stored_as_it_was_read_stays_so",
    # The same for every kind, for sixteen at once, and for two records in either order.
    "test_every_kind_of_record_has_versions",
    "test_one_of_sixteen_replaces_a_version",
    "test_writers_in_either_order_are_overtaken_at_most",
)
class ForgetsVersionsOfAccounts(_Unversioned):
    """Updates an account whatever its version."""

    kind = AccountRecord


@breaks("test_what_is_stored_as_it_was_read_stays_so")
class CountsVersionsItself(Writing):
    """Raises the version of an account with every update, also of one that is only held."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Save) and isinstance(change.record, AccountRecord) and change.expected_version:
            return evolve(change, record=evolve(change.record, version=change.expected_version + 1))
        return change


@breaks("test_every_kind_of_record_has_versions")
class ForgetsVersionsOfLists(_Unversioned):
    """Updates a wish list whatever its version."""

    kind = WishListRecord


@breaks("test_addresses_are_compared_letter_by_letter")
class ComparesWithoutAccents(Broken):
    """Finds an account by an address that looks like its own."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        known = {one.email_key for one in self._tables.all(AccountRecord) if one.email_key is not None}
        alike = {key for key in known for given in scope.email_keys if _plain(key) == _plain(given)}
        return super().read(
            evolve(scope, email_keys=tuple(dict.fromkeys((*scope.email_keys, *sorted(alike)))))
        )


def _plain(text: str) -> str:
    return normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()


@breaks("test_an_address_has_one_account")
class SharesAddresses(Writing):
    """Lets an account move to an address that is taken."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Save) and change.expected_version and isinstance(change.record, AccountRecord):
            for other in self._tables.all(AccountRecord):
                if other.email_key == change.record.email_key and other.id != change.record.id:
                    self._tables.records[AccountRecord][other.id] = evolve(other, email_key=None)
        return change


@breaks("test_a_closed_account_frees_its_address")
class ClosesOne(Writing):
    """Takes the missing address of a closed account for one that is taken."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if (
            isinstance(change, Save)
            and isinstance(change.record, AccountRecord)
            and not change.record.email_key
        ):
            others = [one for one in self._tables.all(AccountRecord) if one.id != change.record.id]
            if any(one.email_key is None for one in others):
                raise StaleWriteError("AccountRecord")
        return change


@breaks("test_an_identity_is_stored_once", "test_one_of_sixteen_links_an_identity")
class TakesIdentities(Overwriting):
    """Gives an identity to whoever links it last."""

    kind = IdentityRecord


@breaks("test_a_key_is_stored_once")
class ReplacesRegistrations(Overwriting):
    """Stores a registration over another one with its id."""

    kind = RegistrationRecord


@breaks("test_belongings_are_stored_once")
class ReplacesAddresses(Overwriting):
    """Stores a delivery address over another one with its id."""

    kind = AddressRecord


@breaks("test_an_order_reference_is_stored_once")
class ReplacesOrders(Overwriting):
    """Stores an order over another one with its reference, if that is all it is asked for."""

    kind = OrderRecord

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        return super().bent(changes) if len(changes) == 1 else changes


@breaks("test_only_the_expected_version_is_removed")
class RemovesChanged(Writing):
    """Removes a registration whatever its version."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Remove) and isinstance(change.record, RegistrationRecord):
            return Remove(self.stored(change.record) or change.record)
        return change


@breaks("test_one_of_several_removals_overtaken_fails_all")
class RemovesWhatItCan(Writing):
    """Of several removals takes those that can be made."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        several = sum(isinstance(one, Remove) for one in changes) > 1
        return [one for one in changes if not (several and isinstance(one, Remove) and self._stale(one))]

    def _stale(self, change: Remove) -> bool:
        there = self.stored(change.record)
        return there is None or there.version != change.record.version


class _Uses(Broken):
    def used(self, digest: str) -> bool:
        """Whether a link is used."""
        return any(one.digest == digest and one.used_at for one in self._tables.all(TokenRecord))

    def known(self, digest: str) -> bool:
        """Whether a link is stored."""
        return any(one.digest == digest for one in self._tables.all(TokenRecord))


@breaks("test_a_link_is_used_once", "test_one_of_sixteen_uses_a_link")
class UsesLinksTwice(_Uses, Writing):
    """Lets a used link be used again."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        return [one for one in changes if not (isinstance(one, UseToken) and self.used(one.digest))]


@breaks("test_a_link_keeps_its_account")
class GivesLinksAway(Writing):
    """Gives a link to the account that used it."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, UseToken) and change.account_id:
            rows = self._tables.records.get(TokenRecord, {})
            token = rows.get(change.digest)
            if isinstance(token, TokenRecord) and token.used_at is None:
                rows[change.digest] = evolve(token, account_id=None)
        return change


@breaks("test_an_unknown_link_cannot_be_used")
class UsesUnknownLinks(_Uses, Writing):
    """Lets a link be used that was never made."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        return [one for one in changes if not (isinstance(one, UseToken) and not self.known(one.digest))]


@breaks("test_a_link_of_an_older_version_cannot_be_changed")
class RemovesUsedLinks(_Uses, Writing):
    """Removes a used link as if it were the unused one."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Remove) and isinstance(change.record, TokenRecord):
            return Remove(self.stored(change.record)) if self.used(change.record.digest) else change
        return change


@breaks("test_a_link_is_used_once")
class RemembersLinks(Broken):
    """Gives the answer again that it gave for a link."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[Scope, Facts] = {}

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        found = super().read(scope)
        return self._answers.setdefault(scope, found) if scope.token and found.tokens else found
