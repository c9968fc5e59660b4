"""Storages that find too little, too much, or in the wrong order."""

from typing import Any

from attrs import evolve

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.token import TokenRecord
from tests.adapters.broken.storage import Broken, Reading, breaks

_ROOTS = (
    "email_keys", "account_id", "token", "identity", "order", "browser", "claim", "order_numbers", "vat_number",
    "order_vat_in", "vat_register",
)  # fmt: skip


def roots(scope: Scope) -> list[str]:
    """Give the roots that a scope names."""
    return [name for name in _ROOTS if getattr(scope, name)]


class Asking(Broken):
    """Looks for something else than it was asked for."""

    def read(self, scope: Scope, /) -> Facts:
        """Bend, then read."""
        return super().read(self.asked(scope))

    def asked(self, scope: Scope) -> Scope:
        """Give the scope that is read."""
        raise NotImplementedError


class _TakesOnly(Broken):
    """Takes only so many values in one question."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        if len(self.listed(scope)) > 999:
            raise OverflowError("too many variables")
        return super().read(scope)

    def listed(self, scope: Scope) -> tuple[object, ...]:
        """Give the values that it binds one by one."""
        raise NotImplementedError


@breaks("test_thousands_of_addresses_can_be_asked_at_once")
class TakesFewAddresses(_TakesOnly):
    """Takes only so many addresses in one question."""

    def listed(self, scope: Scope) -> tuple[object, ...]:
        """Do it as the class says."""
        return scope.email_keys


@breaks("test_thousands_of_addresses_can_be_asked_at_once")
class TakesFewAccounts(_TakesOnly):
    """Takes only so many ids of accounts in one question."""

    def listed(self, scope: Scope) -> tuple[object, ...]:
        """Do it as the class says."""
        return scope.account_ids


@breaks("test_thousands_of_references_can_be_asked_at_once")
class TakesFewReferences(_TakesOnly):
    """Takes only so many references in one question."""

    def listed(self, scope: Scope) -> tuple[object, ...]:
        """Do it as the class says."""
        return scope.references


@breaks("test_nothing_is_found_for_unknown_roots")
class WantsTheAccount(Broken):
    """Fails on a scope that names everything, if its account is not there."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        known = {one.id for one in self._tables.all(AccountRecord)}
        if len(roots(scope)) > 5 and scope.account_id not in known:
            raise LookupError("no such account")
        return super().read(scope)


@breaks("test_a_scope_without_roots_finds_nothing")
class GivesEverybody(Reading):
    """Gives all accounts where nobody is named."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        everybody = tuple(self._tables.all(AccountRecord))
        return facts if roots(scope) else evolve(facts, accounts=everybody)


@breaks("test_only_parts_that_are_named_are_filled")
class FillsMore(Asking):
    """Fills a part that was not asked for."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        more = {Part.TOKENS} if scope.parts == {Part.REGISTRATIONS} else set()
        return evolve(scope, parts=scope.parts | more)


@breaks("test_nobody_has_the_empty_address")
class FindsTheEmptyAddress(Reading):
    """Finds registrations whose address could not be read."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        nobodys = tuple(one for one in self._tables.all(RegistrationRecord) if one.email_key == "")
        return evolve(facts, registrations=nobodys) if scope.email_keys == ("",) else facts


@breaks("test_an_address_leads_to_all_that_has_it")
class ForgetsTheirLinks(Reading):
    """Does not follow from an address to the links of its registrations."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if roots(scope) != ["email_keys"]:
            return facts
        return evolve(facts, tokens=tuple(one for one in facts.tokens if one.registration_id is None))


@breaks("test_many_addresses_can_be_asked_at_once")
class ReadsFourAddresses(Asking):
    """Looks for four addresses at most, if there are fewer than nine."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        return evolve(scope, email_keys=scope.email_keys[:4]) if len(scope.email_keys) < 9 else scope


@breaks("test_an_account_leads_to_its_own")
class FollowsTheAddress(Reading):
    """Follows from an account to the registrations of its address."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if roots(scope) != ["account_id"] or Part.REGISTRATIONS not in scope.parts:
            return facts
        keys = {one.email_key for one in facts.accounts}
        rivals = (one for one in self._tables.all(RegistrationRecord) if one.email_key in keys)
        return evolve(facts, registrations=tuple(rivals))


@breaks("test_a_link_leads_to_its_holder")
class ForgetsTheNewAddress(Reading):
    """Does not follow from a link of an account to who else wants its address."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if roots(scope) == ["token"] and facts.accounts and facts.registrations:
            return evolve(facts, registrations=())
        return facts


@breaks("test_an_identity_leads_to_its_account")
class MixesSubjects(Asking):
    """Finds an identity by its subject at any provider."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        if scope.identity and scope.identity[0] == "facebook":
            return evolve(scope, identity=("google", scope.identity[1]))
        return scope


@breaks("test_a_registration_leads_to_the_identity_it_wishes")
class ForgetsWishes(Reading):
    """Does not follow from a registration to the identity that it wishes."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, identities=()) if roots(scope) == ["email_keys"] else facts


@breaks("test_an_order_leads_to_its_owner")
class ForgetsWhoTyped(Reading):
    """Does not follow from an order to the account of its address."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if roots(scope) != ["order"]:
            return facts
        owners = {one.owner for one in facts.orders}
        return evolve(facts, accounts=tuple(one for one in facts.accounts if one.id in owners))


@breaks("test_a_narrow_scope_gives_its_own")
class NarrowWithoutLinks(Reading):
    """Takes a narrow scope for one that wants no links."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, tokens=()) if scope.narrow else facts


@breaks("test_a_browser_leads_to_its_registrations")
class ForgetsRivals(Reading):
    """Does not follow from a browser to others who registered its addresses."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if roots(scope) != ["browser"]:
            return facts
        own = tuple(one for one in facts.registrations if one.browser == scope.browser)
        return evolve(facts, registrations=own)


@breaks("test_roots_add_up")
class GivesTwice(Reading):
    """Gives an account again for each root that leads to it."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, accounts=facts.accounts * 2) if len(roots(scope)) > 2 else facts


@breaks("test_belongings_come_with_their_account")
class GivesTheNewestFirst(Reading):
    """Gives the newest delivery address first."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, addresses=facts.addresses[::-1])


@breaks("test_a_link_shows_its_order")
class ShowsThePage(Asking):
    """Gives the page of orders although the link shows one."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        return evolve(scope, token=None) if scope.page and scope.token and scope.account_id else scope


@breaks("test_orders_come_in_pages")
class LosesThePage(Asking):
    """Goes on behind all orders of the last row's time."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        if scope.page is not None and scope.page.after is not None:
            return evolve(scope, page=evolve(scope.page, after=(scope.page.after[0], "")))
        return scope


@breaks("test_a_page_is_asked_for")
class AlwaysGivesAPage(Asking):
    """Gives orders of an account that nobody asked for."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        wanted: Any = scope.page or (Page() if roots(scope) == ["account_id"] else None)
        return evolve(scope, page=wanted)


@breaks("test_guest_orders_come_as_groups")
class CountsTheFutureOnly(Asking):
    """Does not count an order of the very cut-off as recent."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        since = scope.recent_since
        return evolve(scope, recent_since=since and since.replace(microsecond=1))


@breaks("test_guest_orders_of_an_accounts_address_are_counted")
class ForgetsTheOwnAddress(Reading):
    """Does not follow from an account to the guest orders of its address."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, guest_orders=()) if roots(scope) == ["account_id"] else facts


@breaks("test_a_number_leads_to_its_orders")
class KnowsOneNumber(Reading):
    """Gives one order of a number only."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, orders=facts.orders[:1]) if scope.order_numbers else facts


@breaks("test_a_number_may_be_spelled_in_several_ways")
class KnowsOneSpelling(Asking):
    """Looks for the first spelling of a number only."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        return evolve(scope, order_numbers=scope.order_numbers[:1])


@breaks("test_an_order_leads_to_its_links")
class FindsLinksByAddress(Reading):
    """Gives what shows any order of an address."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        wanted = Part.TOKENS in scope.parts and scope.email_keys
        shown = [one for one in self._tables.all(TokenRecord) if one.order_reference and wanted]
        more = (one for one in shown if one.email_key in scope.email_keys and one not in facts.tokens)
        return evolve(facts, tokens=(*facts.tokens, *more))


@breaks("test_an_order_leads_to_its_links")
class ForgetsLinksOfOrders(Reading):
    """Does not follow from an order to what shows it."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        kept = (one for one in facts.tokens if not one.order_reference or one.account_id)
        return facts if scope.token else evolve(facts, tokens=tuple(kept))


@breaks("test_a_claim_leads_to_its_accounts")
class ForgetsTheAccountBefore(Reading):
    """Does not follow from a claim to the account that its orders came from."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        before = {one.from_account for one in facts.claims}
        return evolve(facts, accounts=tuple(one for one in facts.accounts if one.id not in before))


@breaks("test_many_references_give_their_orders")
class GivesOneOfMany(Reading):
    """Gives only the first of many orders."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave out the others."""
        return evolve(facts, orders=facts.orders[:1]) if scope.references else facts


@breaks("test_many_ids_give_their_accounts")
class GivesOpenAccountsOnly(Reading):
    """Leaves closed accounts out where many ids are named."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave them out."""
        open_ones = tuple(one for one in facts.accounts if one.is_open)
        return evolve(facts, accounts=open_ones) if scope.account_ids else facts
