"""The states that the documentation draws: every move of every drawing is played against the storage in memory."""

import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from customer_accounts.account import AccountRecord, AccountStatus
from customer_accounts.actors import Agent, SignedInCustomer, System, Visitor
from customer_accounts.belongings import SubscriptionRecord
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.evidence import OrderVatRecord
from customer_accounts.features.company import RemoveCompany, SetCompany
from customer_accounts.features.conversion_answers import (
    AskCustomer,
    FinishRequest,
    Question,
    RefuseRequest,
    TakeRequest,
    WhyRefused,
)
from customer_accounts.features.conversion_requests import (
    NEXT_STATES,
    RequestConversion,
)
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.newsletter import ConfirmNewsletter, SubscribeNewsletter
from customer_accounts.features.order_tracking import NEXT_STATUSES, RecordOrderStatus, RecordShipment
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.features.registration import CorrectRegistrationAddress, Register
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.features.unsubscription import Unsubscribe
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.vat_correction import ApproveVatCorrection
from customer_accounts.features.vat_evidence import AddVatEvidence
from customer_accounts.inputs import CompanyInput
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import MailPurpose
from customer_accounts.token import TokenRecord
from customer_accounts.vat import VatAnswer, VatStatus
from tests.identities import google
from tests.shop import PASSWORD, Shop
from tests.vat_orders import GERMAN, decision, taxed, vat_of

sys.path.insert(0, str(Path(__file__).parent.parent / "docs" / "_ext"))

# It belongs to the build of the documentation and is found on the path that is set just above.
import states  # type: ignore[import-not-found]

ANNA = "anna@mail.example"
SYSTEM = System("warehouse")
AGENT = Agent("17")
NUMBER = "DE136695976"

Step = Callable[[Shop, str], object]


@pytest.mark.parametrize("name", sorted(states.MACHINES))
def test_states_are_drawn_from_their_data(name: str) -> None:
    """A drawing is well-formed, shows every state and every command, and every move has known ends."""
    machine = states.MACHINES[name]
    drawing = ET.fromstring(states.svg_of(machine))
    shown = {one.text for one in drawing.iter() if one.text}
    assert set(machine.states) | {move.by for move in machine.moves} <= shown
    assert set(machine.meaning) == set(machine.states)
    assert {end for move in machine.moves for end in (move.before, move.after)} == set(machine.states)


def test_the_drawing_of_orders_allows_what_the_rules_allow() -> None:
    """Every move between two statuses is one of the rules', and every status of the rules is drawn."""
    moves = {
        (one.before, one.after) for one in states.ORDER.moves if one.before not in ("nothing", one.after)
    }
    assert moves <= {
        (before.value, after.value) for before, following in NEXT_STATUSES.items() for after in following
    }
    assert set(states.ORDER.states) == {one.value for one in OrderStatus} | {"nothing"}


def test_the_drawing_of_requests_allows_what_the_rules_allow() -> None:
    """Every move between two states is one of the rules', and every state of the rules is drawn."""
    moves = {
        (one.before, one.after) for one in states.REQUEST.moves if one.before not in ("nothing", one.after)
    }
    assert moves == {
        (before.value, after.value) for before, following in NEXT_STATES.items() for after in following
    }


def _customer(shop: Shop) -> SignedInCustomer:
    account: AccountRecord = shop.stored(AccountRecord)[0]
    return SignedInCustomer(account.id, account.session_epoch, authenticated_at=shop.clock.now)


def _link(shop: Shop, purpose: MailPurpose) -> str:
    return shop.link(shop.mails(purpose)[-1])


def _purge(shop: Shop, _: str) -> object:
    shop.clock.forward(days=8)
    return shop.accounts.purge()


def _confirm(shop: Shop, _: str) -> object:
    return shop.require(ConfirmEmail(token=_link(shop, MailPurpose.CONFIRM_REGISTRATION)), by=shop.visitor())


def _unsubscribe(shop: Shop, _: str) -> object:
    digest = shop.mails(MailPurpose.NEWSLETTER_WELCOME)[-1].extra_token
    (token,) = (one for one in shop.stored(TokenRecord) if one.digest == digest)
    return shop.require(Unsubscribe(token=shop.text_of(token)), by=Visitor())


def _ship(shop: Shop, _: str) -> object:
    # Another number each time: a shipment that is told again with the same one changes nothing.
    parcel = {"tracking_number": shop.clock.now.isoformat()}
    shipment = {"reference": "r", "shipment_id": "1", "parcels": [parcel], "shipped_at": shop.clock.now}
    return shop.require(RecordShipment.model_validate(shipment), by=SYSTEM)


def _answer(shop: Shop, after: str) -> object:
    status = {"confirmed_late": "valid", "charged": "invalid"}.get(after, after)
    number = NUMBER if status == after else GERMAN
    if status == "unverified":  # an outage takes no answer away that is younger than this
        shop.clock.forward(days=shop.settings.vat_recheck_after.days)
    answer = VatAnswer(number, VatStatus(status), code=status.upper(), checked_at=shop.clock.now)
    return shop.require(RecordVatAnswer(answer=answer), by=SYSTEM)


def _request(shop: Shop) -> UUID:
    found: ConversionRequestRecord = shop.stored(ConversionRequestRecord)[0]
    return found.id


STEPS: dict[str, Step] = {
    "Register": lambda shop, _: shop.require(Register(email=ANNA, password=PASSWORD), by=shop.visitor()),
    "CorrectRegistrationAddress": lambda shop, _: shop.require(
        CorrectRegistrationAddress(email="anna@post.example"), by=shop.visitor()
    ),
    "purge": _purge,
    "ConfirmEmail": _confirm,
    "SignInWithIdentity": lambda shop, _: shop.require(
        SignInWithIdentity(identity=google(shop, ANNA)), by=shop.visitor()
    ),
    "ChangePassword": lambda shop, _: shop.require(
        ChangePassword(current_password=PASSWORD, new_password="a lake full of reeds"), by=_customer(shop)
    ),
    "CloseAccount": lambda shop, _: shop.require(CloseAccount(current_password=PASSWORD), by=_customer(shop)),
    "RecordOrder": lambda shop, _: shop.require(
        RecordOrder(reference="r", number="1", placed_at=shop.clock.now, email=ANNA), by=shop.visitor()
    ),
    "RecordOrderStatus": lambda shop, after: shop.require(
        RecordOrderStatus(reference="r", status=OrderStatus(after), at=shop.clock.now), by=SYSTEM
    ),
    "RecordShipment": _ship,
    "SubscribeNewsletter": lambda shop, _: shop.require(
        SubscribeNewsletter(text_version="2026-01"), by=_customer(shop)
    ),
    "ConfirmNewsletter": lambda shop, _: shop.require(
        ConfirmNewsletter(token=_link(shop, MailPurpose.CONFIRM_NEWSLETTER)), by=shop.visitor()
    ),
    "Unsubscribe": _unsubscribe,
    "SetCompany": lambda shop, _: shop.require(
        SetCompany(company=CompanyInput(name="Beispiel GmbH", vat_number=NUMBER)), by=_customer(shop)
    ),
    "RemoveCompany": lambda shop, _: shop.require(RemoveCompany(), by=_customer(shop)),
    "RecordVatAnswer": _answer,
    "RecordOrderVat": lambda shop, after: shop.require(
        taxed(shop, made=None if after == "provisional" else decision(VatStatus.VALID)), by=SYSTEM
    ),
    "AddVatEvidence": lambda shop, _: shop.require(
        AddVatEvidence(reference="r-1", valid_on=vat_of(shop).supplied_on, document="letter"), by=AGENT
    ),
    "ApproveVatCorrection": lambda shop, _: shop.require(ApproveVatCorrection(reference="r-1"), by=AGENT),
    "RequestConversion": lambda shop, _: shop.require(RequestConversion(email=ANNA), by=shop.visitor()),
    "TakeRequest": lambda shop, _: shop.require(TakeRequest(request_id=_request(shop)), by=AGENT),
    "AskCustomer": lambda shop, _: shop.require(
        AskCustomer(request_id=_request(shop), about=Question.POSTCODE), by=AGENT
    ),
    "FinishRequest": lambda shop, _: shop.require(FinishRequest(request_id=_request(shop)), by=AGENT),
    "RefuseRequest": lambda shop, _: shop.require(
        RefuseRequest(request_id=_request(shop), why=WhyRefused.NO_ORDER), by=AGENT
    ),
}


def _account_state(shop: Shop) -> str:
    found: list[AccountRecord] = shop.stored(AccountRecord)
    if found:
        return "open" if found[0].status is AccountStatus.OPEN else "closed"
    return "waiting" if shop.registrations() else "nothing"


def _order_state(shop: Shop) -> str:
    found: list[OrderRecord] = shop.stored(OrderRecord)
    return found[0].status.value if found else "nothing"


def _newsletter_state(shop: Shop) -> str:
    found: list[SubscriptionRecord] = shop.stored(SubscriptionRecord)
    return found[0].status.value if found else "nothing"


def _number_state(shop: Shop) -> str:
    company = shop.account(_customer(shop).account_id).company
    return VatStatus.NOT_GIVEN.value if company is None else company.vat_status.value


def _order_vat_state(shop: Shop) -> str:
    return vat_of(shop).state.value if shop.stored(OrderVatRecord) else "nothing"


def _request_state(shop: Shop) -> str:
    found: list[ConversionRequestRecord] = shop.stored(ConversionRequestRecord)
    return found[0].state.value if found else "nothing"


STATE_OF: dict[str, Callable[[Shop], str]] = {
    "account": _account_state,
    "order": _order_state,
    "newsletter": _newsletter_state,
    "request": _request_state,
    "vat_number": _number_state,
    "order_vat": _order_vat_state,
}

#: Machines that need an account before anything can happen.
WITHIN_ACCOUNT = {"newsletter", "vat_number"}


def _way_to(machine: "states.Machine", state: str) -> list["states.Move"]:
    """Give the moves that lead from the first state to another one, the shortest way."""
    ways: dict[str, list[states.Move]] = {next(iter(machine.states)): []}
    while state not in ways:
        for move in machine.moves:
            if move.before in ways and move.by in STEPS:
                ways.setdefault(move.after, [*ways[move.before], move])
    return ways[state]


@pytest.mark.parametrize("before", [one for one in states.VAT_NUMBER.states if one != "not_given"])
@pytest.mark.parametrize("after", ["pending", "valid", "unverified", "invalid", "not_given"])
def test_no_move_of_a_number_is_missing(before: str, after: str) -> None:
    """F23: what an answer, another number or none makes of a number in any state is drawn, or said of every state."""
    shop = Shop()
    shop.open_account(ANNA)
    for step in _way_to(states.VAT_NUMBER, before):
        STEPS[step.by](shop, step.after)
    if after == "not_given":
        STEPS["RemoveCompany"](shop, after)
    elif after == "pending":
        company = CompanyInput(name="Beispiel GmbH", vat_number="FR40303265045")
        shop.require(SetCompany(company=company), by=_customer(shop))
    else:
        shop.clock.forward(minutes=1)
        STEPS["RecordVatAnswer"](shop, after)
        drawn = {(one.before, one.after) for one in states.VAT_NUMBER.moves if one.by == "RecordVatAnswer"}
        assert before == after or (before, after) in drawn
    assert _number_state(shop) == after


MOVES = [
    (name, move) for name, machine in states.MACHINES.items() for move in machine.moves if move.by in STEPS
]


def test_every_move_is_played() -> None:
    """No move stands in a drawing that this file does not know how to make."""
    drawn = {move.by for machine in states.MACHINES.values() for move in machine.moves}
    assert drawn - set(STEPS) == set()


@pytest.mark.parametrize(("name", "move"), MOVES, ids=str)
def test_each_move_leads_where_the_drawing_says(name: str, move: "states.Move") -> None:
    """Played in memory, from the first state on (PH-02, PH-09, SE-02)."""
    shop = Shop()
    if name in WITHIN_ACCOUNT:
        shop.open_account(ANNA)
    for step in [*_way_to(states.MACHINES[name], move.before), move]:
        assert STATE_OF[name](shop) == step.before
        shop.clock.forward(minutes=1)
        STEPS[step.by](shop, step.after)
        assert STATE_OF[name](shop) == step.after
