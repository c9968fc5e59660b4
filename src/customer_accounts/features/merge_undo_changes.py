"""What is written when a merge is taken back: everything goes back as it is now, by the record of what moved."""

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord
from customer_accounts.belongings import AddressRecord, WishListRecord
from customer_accounts.changes import (
    Change,
    Mark,
    MoveOrders,
    OrderSelection,
    Remove,
    insert,
    update,
)
from customer_accounts.claim import ClaimRecord
from customer_accounts.command import Env
from customer_accounts.facts import Facts
from customer_accounts.features.delivery_address import default_among
from customer_accounts.features.merge_changes import APPROVED
from customer_accounts.merge import MergeRecord, MovedKind


def accounts_back(merge: MergeRecord, surviving: AccountRecord, facts: Facts) -> list[Change]:
    """Give back what moved, as it is now, and take from the surviving account what it got."""
    left = {(one.kind, one.key) for one in merge.moved}
    # The merge first: an order that still comes to the surviving account through it holds its record.
    absorbed, changes = _reopened(merge, surviving), list[Change]((Remove(merge),))
    addresses = [one for one in facts.addresses if (MovedKind.ADDRESS, str(one.id)) in left]
    lists = [one for one in facts.wish_lists if (MovedKind.WISH_LIST, str(one.id)) in left]
    chosen = absorbed.default_wish_list
    absorbed = evolve(
        absorbed,
        default_address=default_among((*addresses, *merge.doubles), absorbed.default_address),
        default_wish_list=chosen if any(one.id == chosen for one in lists) else None,
    )
    staying = [one for one in facts.addresses if one.account_id == surviving.id and one not in addresses]
    closed = evolve(merge.absorbed, version=merge.absorbed.version + 1)
    changes += [update(closed, absorbed), update(surviving, _without_gifts(merge, surviving, staying))]
    changes += [update(one, evolve(one, account_id=absorbed.id)) for one in addresses]
    changes += [insert(one) for one in merge.doubles]
    return [
        *changes,
        *_lists_back(merge, lists),
        *_sign_ins_back(merge, facts),
        *_merges_back(merge, facts),
        *_newsletter_back(merge, facts),
    ]


def _lists_back(merge: MergeRecord, lists: Sequence[WishListRecord]) -> list[Change]:
    noted = {one.key: one for one in merge.moved if one.kind is MovedKind.WISH_LIST}
    changes: list[Change] = []
    for one in lists:
        known = noted[str(one.id)]
        name = known.was if one.name == known.became else one.name
        changes.append(update(one, evolve(one, account_id=merge.absorbed.id, name=name)))
    return changes


def _sign_ins_back(merge: MergeRecord, facts: Facts) -> list[Change]:
    noted = {one.key: one for one in merge.moved if one.kind is MovedKind.IDENTITY}
    changes: list[Change] = []
    for one in facts.identities:
        known = noted.get(f"{one.provider} {one.subject}")
        if known is not None and one.account_id == merge.surviving:
            approved = one.approved or (known.was == APPROVED and known.became != APPROVED)
            changes.append(update(one, evolve(one, account_id=merge.absorbed.id, approved=approved)))
    return changes


def _merges_back(merge: MergeRecord, facts: Facts) -> list[Change]:
    """Give the absorbed account back what it had absorbed itself, so that this can be undone there."""
    handed_on = {one.key for one in merge.moved if one.kind is MovedKind.MERGE}
    names = {one.key: one.was for one in merge.moved if one.kind is MovedKind.WISH_LIST}
    return [
        update(one, one.handed_on(merge.absorbed.id, names))
        for one in facts.merges
        if str(one.id) in handed_on
    ]


def _reopened(merge: MergeRecord, surviving: AccountRecord) -> AccountRecord:
    """Give the absorbed account open again; its sessions stay ended, its company is the one of today."""
    old = merge.absorbed
    mine = merge.took_company and _same_company(merge, surviving)
    return evolve(
        old, session_epoch=old.session_epoch + 1, company=surviving.company if mine else old.company
    )


def _same_company(merge: MergeRecord, surviving: AccountRecord) -> bool:
    """Whether the surviving account still has the company that it got; the register may have answered since."""
    own, got = surviving.company, merge.absorbed.company
    return own is not None and got is not None and (own.name, own.vat_number) == (got.name, got.vat_number)


def _without_gifts(
    merge: MergeRecord, surviving: AccountRecord, staying: Sequence[AddressRecord]
) -> AccountRecord:
    old = merge.absorbed
    lists = {one.key for one in merge.moved if one.kind is MovedKind.WISH_LIST}
    return evolve(
        surviving,
        name="" if merge.took_name and surviving.name == old.name else surviving.name,
        company=None if merge.took_company and _same_company(merge, surviving) else surviving.company,
        default_address=default_among(staying, surviving.default_address),
        default_wish_list=None if str(surviving.default_wish_list) in lists else surviving.default_wish_list,
    )


def _newsletter_back(merge: MergeRecord, facts: Facts) -> list[Change]:
    changes: list[Change] = [] if merge.subscription is None else [insert(merge.subscription)]
    before = merge.surviving_subscription
    now = next((one for one in facts.subscriptions if one.account_id == merge.surviving), None)
    if (
        before is not None
        and now is not None
        and now.ended_at == merge.at
        and now.version == before.version + 1
    ):
        changes.append(update(now, before))
    return changes


def claims_back(merge: MergeRecord, facts: Facts, env: Env, by: str, reason: str) -> list[Change]:
    """Move the orders back: those of the merge itself without a mark again, the others with their claims."""
    own, other = merge.surviving, merge.absorbed.id
    changes: list[Change] = [
        MoveOrders(OrderSelection(owner=own, claim=merge.id), other, merge.id, Mark.CLEAR)
    ]
    for one in facts.claims:
        before = _carried_before(one, merge.id)
        if before is not None:
            changes.append(MoveOrders(OrderSelection(owner=own, claim=one.id), other, merge.id, Mark.KEEP))
            changes.append(update(one, evolve(one, account_id=other, carried=one.carried[:before])))
        if one.id == merge.id:
            changes.append(
                update(one, evolve(one, undone_at=env.now, undone_by=by, undone_reason=reason or "link"))
            )
    return changes


def _carried_before(claim: ClaimRecord, merge_id: UUID) -> int | None:
    """Give the place of a merge among those that carried a claim along."""
    places = [place for place, one in enumerate(claim.carried) if one.merge_id == merge_id]
    return places[0] if places else None
