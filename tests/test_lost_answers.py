"""Every command when its storage fails or its answer gets lost: all or nothing, and asked again nothing happens twice.

A wrapped storage fails at each of its calls in turn, once before the call did anything, once after it (`fragile`).
"""

from collections.abc import Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from customer_accounts.actors import Agent
from customer_accounts.command import Command
from customer_accounts.features.sign_in import SignedIn
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from tests.bad_input.stage import ANNA, Stage
from tests.bad_input.valid import ALL
from tests.fragile import BUSY, BrokenError, Case, Fallible, Fragile, Scene, scenes, scenes_of, shape

#: Commands that only look.
READS = frozenset(
    {
        "ConversionRequests", "FindVatOrders", "InspectLink", "InspectRegistration", "IssueUnsubscribeLink",
        "MyAccount", "MyAddresses", "MyClaims", "MyCompany", "MyNewsletter", "MyOrder", "MyOrders", "MyWishLists",
        "PendingProposals", "PreviewClaim", "PreviewMerge", "RequestResellerPricing", "ViewGuestOrder",
    }
)  # fmt: skip

#: What a repeat is told where it cannot be told the same: what it asked for has happened, and nothing more happens.
DONE = MappingProxyType(
    {
        "ApproveIdentities": Reason.ALREADY_DONE,
        "CancelEmailChange": Reason.ALREADY_DONE,
        "MergeAccounts": Reason.ALREADY_DONE,
        "UndoMerge": Reason.ALREADY_DONE,
        "ConfirmEmail": Reason.ALREADY_DONE,
        "ConfirmNewsletter": Reason.ALREADY_DONE,
        "ResetPassword": Reason.ALREADY_DONE,
        "UndoClaim": Reason.ALREADY_DONE,
        # The new session went with the answer; the customer signs in again.
        "ChangePassword": Reason.SESSION_ENDED,
        "CloseAccount": Reason.SESSION_ENDED,
        "ConfirmEmailChange": Reason.SESSION_ENDED,
        "SignOutEverywhere": Reason.SESSION_ENDED,
        "UnlinkIdentity": Reason.SESSION_ENDED,
        "DeleteWishList": Reason.NOT_FOUND,
        "RemoveAddress": Reason.NOT_FOUND,
    }
)
#: Commands whose repeat by an agent gets the same answer.
SAME_FOR_AGENTS = frozenset({"CloseAccount", "MergeAccounts", "UndoMerge"})
#: Commands whose repeat is a wish for another mail: there may be more links, mails and events, and nothing else.
MAILED_AGAIN = frozenset(
    {
        "CorrectRegistrationAddress", "OpenAccountFromOrder", "PreviewGuestAddress", "Register",
        "RequestEmailChange", "RequestMerge", "RequestPasswordReset", "ResendConfirmation", "ResendTracking",
        "SubscribeNewsletter",
    }
)  # fmt: skip
#: Commands whose second answer differs although nothing more happens, each with the reason.
ANSWERED_ANEW = MappingProxyType(
    {
        "ImportBatch": "its rows are known then",
        "CancelInvitation": "it tells how many it took back, and the first one took back all",
        "ClaimGuestOrders": "it tells what this claim moved, and the first one moved all",
        "ClaimOrder": "as ClaimGuestOrders",
        "ClaimWithEvidence": "as ClaimGuestOrders",
        "AddToWishList": "the default list that it shows has an id of its own in each shop",
        "PrepareVatCheck": "a check that has left the queue is not wanted any more",
        "ResumeVatChecks": "the pause that it tells of is over",
        "ExportVatEvidence": "as ExportMyData: each export stands in the trail",
        "ExportMyData": "each export stands in the trail, and the next one shows it",
        "Lookup": "each look stands in the trail, and the next one shows it",
        "SignIn": "the first one replaced the hash",
        "SignInWithIdentity": "the account that the first one began is there",
    }
)

#: What each command leaves in the audit trail, or tells the host (LG-02).
TOLD = MappingProxyType(
    {
        "ApproveIdentities": EventKind.IDENTITIES_APPROVED,
        "AskCustomer": EventKind.REQUEST_ANSWERED,
        "CancelInvitation": EventKind.INVITATION_CANCELLED,
        "CancelEmailChange": EventKind.EMAIL_CHANGE_CANCELLED,
        "ChangePassword": EventKind.PASSWORD_CHANGED,
        "ClaimGuestOrders": EventKind.GUEST_ORDERS_CLAIMED,
        "ClaimOrder": EventKind.GUEST_ORDERS_CLAIMED,
        "ClaimWithEvidence": EventKind.GUEST_ORDERS_CLAIMED,
        "CloseAccount": EventKind.ACCOUNT_CLOSED,
        "ConfirmEmail": EventKind.ACCOUNT_OPENED,
        "ConfirmEmailChange": EventKind.EMAIL_CHANGED,
        "ConfirmNewsletter": EventKind.NEWSLETTER_CONFIRMED,
        "ConvertGuest": EventKind.GUEST_CONVERTED,
        "CorrectGuestAddress": EventKind.GUEST_ADDRESS_CORRECTED,
        "CorrectRegistrationAddress": EventKind.REGISTRATION_CORRECTED,
        "ExportMyData": EventKind.DATA_EXPORTED,
        "Lookup": EventKind.LOOKED_UP,
        "FinishRequest": EventKind.REQUEST_ANSWERED,
        "LinkIdentity": EventKind.IDENTITY_LINKED,
        "ImportBatch": EventKind.IMPORTED,
        "MergeAccounts": EventKind.ACCOUNTS_MERGED,
        "PreviewGuestAddress": EventKind.GUEST_ADDRESS_PREVIEWED,
        "OpenAccountFromOrder": EventKind.REGISTRATION_REQUESTED,
        "RecordBounce": EventKind.MAIL_BOUNCED,
        "RecordDispute": EventKind.ORDER_DISPUTED,
        "RecordOrder": EventKind.ORDER_RECORDED,
        "RecordShipment": EventKind.SHIPMENT_RECORDED,
        "RecordVatAnswer": EventKind.VAT_ANSWERED,
        "RefuseRequest": EventKind.REQUEST_ANSWERED,
        "Register": EventKind.REGISTRATION_REQUESTED,
        "RejectProposal": EventKind.PROPOSAL_REJECTED,
        "RemoveCompany": EventKind.COMPANY_CHANGED,
        "RequestConversion": EventKind.CONVERSION_REQUESTED,
        "RequestEmailChange": EventKind.EMAIL_CHANGE_REQUESTED,
        "RequestMerge": EventKind.MERGE_REQUESTED,
        "RequestPasswordReset": EventKind.PASSWORD_RESET_REQUESTED,
        "RequestResellerPricing": EventKind.RESELLER_PRICING_REFUSED,
        "ResendConfirmation": EventKind.CONFIRMATION_RESENT,
        "ResendInvitation": EventKind.INVITATION_RESENT,
        "ResendTracking": EventKind.TRACKING_RESENT,
        "ResumeVatChecks": EventKind.VAT_CHECKS_RESUMED,
        "RecordOrderVat": EventKind.ORDER_VAT_RECORDED,
        "AddVatEvidence": EventKind.VAT_EVIDENCE_ADDED,
        "ApproveVatCorrection": EventKind.VAT_CORRECTION_APPROVED,
        "ExportVatEvidence": EventKind.VAT_EVIDENCE_EXPORTED,
        "RecheckVat": EventKind.VAT_RECHECK_ASKED,
        "ResetPassword": EventKind.PASSWORD_RESET,
        "SetCompany": EventKind.COMPANY_CHANGED,
        "SignIn": EventKind.SIGNED_IN,
        "SignInWithIdentity": EventKind.ACCOUNT_OPENED,
        "SignOutEverywhere": EventKind.SIGNED_OUT_EVERYWHERE,
        "SubscribeNewsletter": EventKind.NEWSLETTER_REQUESTED,
        "UndoClaim": EventKind.CLAIM_UNDONE,
        "UndoMerge": EventKind.MERGE_UNDONE,
        "UnlinkIdentity": EventKind.IDENTITY_UNLINKED,
        "TakeRequest": EventKind.REQUEST_TAKEN,
        "Unsubscribe": EventKind.NEWSLETTER_ENDED,
        "UnsubscribeNewsletter": EventKind.NEWSLETTER_ENDED,
    }
)
#: Writing commands that concern no way in, no consent and no money.
UNTOLD = frozenset(
    {
        "AddAddress", "AddToWishList", "ChangeAddress", "CreateWishList", "DeleteWishList", "RecordOrderStatus",
        "RemoveAddress", "RemoveFromWishList", "RenameWishList", "SetDefaultAddress",
        "BeginVatCheckup", "PrepareVatCheck",
    }
)  # fmt: skip


SCENES = [pytest.param(kind, scene, id=name) for name, kind, scene in scenes()]


def _kinds(names: Sequence[str] | frozenset[str] | MappingProxyType[str, Any]) -> list[Any]:
    return [pytest.param(one, id=one.__name__) for one in ALL if one.__name__ in names]


@pytest.fixture(name="stage", scope="module")
def _stage() -> Stage:
    """A shop in which every command has something to do; each case begins anew in it."""
    return Stage()


def test_the_lists_are_complete() -> None:
    """RL-08, LG-02: each command only looks, leaves a trace or is known to leave none; no name is stale."""
    every = {one.__name__ for one in ALL}
    assert READS | TOLD.keys() | UNTOLD == every
    assert not (READS - {"RequestResellerPricing"} | UNTOLD) & TOLD.keys()
    assert DONE.keys() | MAILED_AGAIN | ANSWERED_ANEW.keys() | BUSY.keys() <= every - READS


@pytest.mark.parametrize("kind", _kinds([one.__name__ for one in ALL]))
def test_each_command_is_tried_where_it_writes(stage: Stage, kind: type[Command]) -> None:
    """RL-01, RL-08: the scenes below are about something; what only looks writes in none of them."""
    calls = set()
    for scene in scenes_of(kind):
        counted = Fragile(stage.storage)
        Case(stage, kind, scene).give(counted)
        calls |= set(counted.calls)
    assert ("write" in calls) is (kind.__name__ not in READS)


@pytest.mark.parametrize(("kind", "scene"), SCENES)
def test_a_storage_that_fails_leaves_all_or_nothing(stage: Stage, kind: type[Command], scene: Scene) -> None:
    """RL-01, RL-02, RL-10: whichever call fails, the host sees it, and a write happened in full or not at all."""
    whole, counted = Case(stage, kind, scene), Fragile(stage.storage)
    whole.give(counted)
    after = shape(whole.tables)
    for at, name in enumerate(counted.calls, start=1):
        for lost in (False, True):
            case = Case(stage, kind, scene)
            if kind.__name__ == "SignIn" and name == "write":  # the one write that fails nobody (HS-04)
                assert not isinstance(case.give(Fragile(stage.storage, at, after=lost)), Refused)
                assert case.told == [EventKind.SIGNED_IN, EventKind.REHASH_FAILED]
            else:
                with pytest.raises(BrokenError):
                    case.give(Fragile(stage.storage, at, after=lost))
                assert case.told == []
            if name == "write" and lost:
                assert shape(case.tables) == after
            else:
                assert case.tables is case.before


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.__name__) for one in ALL if one.hashes])
def test_a_hasher_that_fails_lets_nobody_pass(stage: Stage, kind: type[Command]) -> None:
    """RL-10: a password that cannot be checked or stored is a fault for the host to see, and nothing is written."""
    asked = 0
    for scene in scenes_of(kind):
        case, hasher = Case(stage, kind, scene), Fallible()
        try:
            case.give(hasher=hasher)
        except BrokenError:
            assert hasher.asked == 1
            assert case.tables is case.before
            assert case.told == []
        else:
            assert hasher.asked == 0
        asked += hasher.asked
    assert asked > 0


class Repeated:
    """A command that was written, whose answer was lost, and that was asked again."""

    def __init__(self, stage: Stage, kind: type[Command], scene: Scene) -> None:
        self.first = Case(stage, kind, scene).give()
        counted = Fragile(stage.storage)
        Case(stage, kind, scene).give(counted)
        self.case = Case(stage, kind, scene)
        if "write" in counted.calls and kind.__name__ != "SignIn":
            with pytest.raises(BrokenError):
                self.case.give(Fragile(stage.storage, counted.calls.index("write") + 1, after=True))
        self.written = self.case.tables
        self.again = self.case.give()

    @property
    def nothing_more(self) -> bool:
        """Whether the repeat wrote nothing."""
        return self.case.tables is self.written


@pytest.mark.parametrize(("kind", "scene"), SCENES)
def test_a_repeat_after_a_lost_answer_changes_nothing_more(
    stage: Stage, kind: type[Command], scene: Scene
) -> None:
    """RL-08: asked again, the answer is the same, or that it is done; and nothing happens twice."""
    repeated, name = Repeated(stage, kind, scene), kind.__name__
    if name in MAILED_AGAIN:
        assert repeated.again == repeated.first
        written, now = (_without_links(one) for one in (repeated.written, repeated.case.tables))
        assert now == written
    elif name in DONE and not (name in SAME_FOR_AGENTS and isinstance(repeated.case.actor, Agent)):
        refused = repeated.again
        assert isinstance(refused, Refused)
        assert refused.reason is DONE[name]
        assert repeated.nothing_more
    elif name not in ANSWERED_ANEW:
        assert repeated.again == repeated.first
        assert repeated.nothing_more


def _without_links(tables: Any) -> dict[str, int]:
    records: dict[str, int] = shape(tables)["records"]
    return {name: number for name, number in records.items() if name != "TokenRecord"}


def test_what_is_answered_anew_changes_nothing_more_either(stage: Stage) -> None:
    """RL-08: where the second answer cannot be the first, what is stored is the same all the same."""
    kinds = {one.__name__: one for one in ALL}
    claim = Repeated(stage, kinds["ClaimGuestOrders"], BUSY["ClaimGuestOrders"])
    assert (claim.first.claimed, claim.again.claimed, claim.nothing_more) == (1, 0, True)
    for name in ("ClaimOrder", "ClaimWithEvidence"):
        claim = Repeated(stage, kinds[name], scenes_of(kinds[name])[0])
        assert (claim.first.claimed, claim.again.claimed, claim.nothing_more) == (1, 0, True)
    wish = Repeated(stage, kinds["AddToWishList"], BUSY["AddToWishList"])
    assert (wish.again.items, wish.nothing_more) == (wish.first.items, True)
    entered = Repeated(stage, kinds["SignInWithIdentity"], scenes_of(kinds["SignInWithIdentity"])[0])
    assert isinstance(entered.again, SignedIn)
    assert (entered.again.email, entered.nothing_more) == (entered.first.email, True)
    signed_in = Repeated(stage, kinds["SignIn"], BUSY["SignIn"])
    assert signed_in.again == signed_in.first
    export = Repeated(stage, kinds["ExportMyData"], scenes_of(kinds["ExportMyData"])[0])
    assert {**export.again.data, "events": ()} == {**export.first.data, "events": ()}
    assert _without_links(export.case.tables) == _without_links(export.written)


@pytest.mark.parametrize("kind", _kinds(TOLD))
def test_each_command_leaves_its_trace(stage: Stage, kind: type[Command]) -> None:
    """LG-02: what happened is told once, with who, when in UTC and about whom, the address masked."""
    case = Case(stage, kind, scenes_of(kind)[-1])
    case.give()
    told = [one for one in stage.announced if one.kind is TOLD[kind.__name__]]
    assert len(told) == 1
    (event,) = told
    assert event.actor.startswith(type(case.actor).__name__.lower())
    assert event.at == stage.clock.now
    assert event.at.utcoffset() == timedelta(0)
    assert "@" not in event.email or "***@" in event.email
    assert ANNA not in repr(event)
