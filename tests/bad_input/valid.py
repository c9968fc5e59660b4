"""A valid form of every command, from which one field at a time goes wrong."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, get_args
from uuid import UUID

from attrs import frozen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import customer_accounts.features
from customer_accounts.actors import Actor, Agent, SignedInCustomer, System, Visitor
from customer_accounts.command import Command
from customer_accounts.features.my_orders import cursor_at
from customer_accounts.order import OrderStatus
from customer_accounts.token import Purpose
from customer_accounts.vat import VatAnswer, VatStatus
from tests.bad_input.stage import ADDRESS, ANNA, WAITING, Stage
from tests.identities import google, to_link
from tests.shop import BROWSER, ELSEWHERE, PASSWORD
from tests.vat_orders import decision

for _module in pkgutil.iter_modules(customer_accounts.features.__path__):
    importlib.import_module(f"customer_accounts.features.{_module.name}")

NEW = "nine loud kingfishers"
ID = UUID(int=17)
_ADDRESS = {**ADDRESS.model_dump(), "street": "Ring 7"}
_COMPANY = {"name": "Druck & Co", "vat_number": "DE136695976", "country": "DE"}
_LOOK = {"reason": "asked by phone", "after": None, "limit": 20}
# The place of a mail, as `Timeline.next` tells it.
_PLACE = cursor_at(datetime(2026, 11, 23, tzinfo=UTC), f"mail {ID}")
_PARCEL = {"carrier": "Post", "tracking_number": "AT-2", "url": "https://post.example/AT-2"}


@frozen
class Example:
    """A command that succeeds.

    Args:
        by: the kind of actor that it succeeds for.
        fields: its fields.
        browser: that of a visitor, if it is not the usual one.
    """

    by: type[Actor]
    fields: Callable[[Stage], dict[str, Any]]
    browser: str = BROWSER

    def actor(self, stage: Stage) -> Actor:
        """Give the actor that it succeeds for."""
        if self.by is Visitor:
            return stage.visitor(self.browser)
        return next(one for one in stage.everybody() if isinstance(one, self.by))


def _customer(**fields: Any) -> Example:
    return Example(SignedInCustomer, lambda _: fields)


def _link(purpose: Purpose, browser: str = BROWSER, **more: Any) -> Example:
    return Example(Visitor, lambda stage: {"token": stage.token(purpose), **more}, browser)


def _answer(stage: Stage) -> VatAnswer:
    return VatAnswer(number="DE136695976", status=VatStatus.VALID, code="VALID", checked_at=stage.clock.now)


_REGISTER = {
    "id": ID,
    "email": "new@mail.example",
    "name": "Nina",
    "locale": "fr",
    "company": _COMPANY,
    "address": _ADDRESS,
    "newsletter": {"text_version": "2026-11"},
    "continue_to": "/checkout",
}
_ORDER = {"reference": "new-1", "number": "N-1", "name": "Gerda", "postcode": "8010", "locale": "de"}

#: By the name of the command; several where fields exclude each other or actors differ.
EXAMPLES: MappingProxyType[str, tuple[Example, ...]] = MappingProxyType(
    {
        "MyAccount": (_customer(),),
        "SetCompany": (_customer(company=_COMPANY),),
        "RemoveCompany": (_customer(),),
        "MyCompany": (_customer(),),
        "AddAddress": (_customer(id=ID, address=_ADDRESS, make_default=True),),
        "ChangeAddress": (
            Example(SignedInCustomer, lambda stage: {"address_id": stage.address, "address": _ADDRESS}),
        ),
        "RemoveAddress": (Example(SignedInCustomer, lambda stage: {"address_id": stage.address}),),
        "SetDefaultAddress": (Example(SignedInCustomer, lambda stage: {"address_id": stage.address}),),
        "MyAddresses": (_customer(),),
        "RequestEmailChange": (_customer(email="anna3@mail.example", current_password=PASSWORD),),
        "ConfirmEmailChange": (
            Example(SignedInCustomer, lambda stage: {"token": stage.token(Purpose.CONFIRM_EMAIL_CHANGE)}),
        ),
        "CancelEmailChange": (_link(Purpose.CANCEL_EMAIL_CHANGE),),
        "InspectLink": (_link(Purpose.CONFIRM_REGISTRATION),),
        "ConfirmEmail": (
            _link(Purpose.CONFIRM_REGISTRATION),
            Example(Visitor, lambda stage: {"code": stage.short_code()}),
            _link(Purpose.CONFIRM_REGISTRATION, ELSEWHERE, password=PASSWORD),
            _link(Purpose.CONFIRM_REGISTRATION, new_password=NEW),
            _link(Purpose.CONFIRM_REGISTRATION, generate_password=True),
        ),
        "ClaimGuestOrders": (_customer(addresses=[_ADDRESS]),),
        "PreviewClaim": (
            _customer(addresses=[_ADDRESS]),
            Example(Agent, lambda _: {"email": ANNA}),
        ),
        "ClaimOrder": (
            _customer(number="N-slip-1", fact="card ends 4711"),
            _customer(number="N-slip-1", postcode="8010"),
        ),
        "ClaimWithEvidence": (
            Example(
                Agent,
                lambda stage: {
                    "account_id": stage.anna.account_id,
                    "reference": "guest-1",
                    "fact": "invoice",
                    "reason": "letter",
                },
            ),
            Example(
                System,
                lambda stage: {
                    "account_id": stage.anna.account_id,
                    "email": "ana@mail.example",
                    "fact": "last digits of the card",
                },
            ),
        ),
        "MyClaims": (_customer(),),
        "UndoClaim": (
            _link(Purpose.UNDO_CLAIM),
            Example(SignedInCustomer, lambda stage: {"claim_id": stage.claim_id}),
            Example(Agent, lambda stage: {"claim_id": stage.claim_id, "reason": "asked by letter"}),
        ),
        "RecordDispute": (Example(System, lambda _: {"reference": "guest-1", "disputed": True}),),
        "OpenAccountFromOrder": (
            Example(Visitor, lambda stage: {"reference_token": stage.token(Purpose.VIEW_ORDER)}),
        ),
        "RecordOrder": (
            Example(
                Visitor,
                lambda stage: {
                    **_ORDER,
                    "placed_at": stage.clock.now,
                    "email": "gerda2@mail.example",
                    "open_account": True,
                    "password": PASSWORD,
                    "newsletter": {"text_version": "2026-11"},
                    "acknowledge": True,
                },
            ),
            Example(SignedInCustomer, lambda stage: {**_ORDER, "placed_at": stage.clock.now}),
            Example(
                System,
                lambda stage: {
                    **_ORDER,
                    "placed_at": stage.clock.now,
                    "account_id": stage.anna.account_id,
                },
            ),
        ),
        "ViewGuestOrder": (
            Example(Visitor, lambda stage: {"reference_token": stage.token(Purpose.VIEW_ORDER)}),
        ),
        "ApproveIdentities": (_link(Purpose.APPROVE_IDENTITIES),),
        "LinkIdentity": (Example(SignedInCustomer, lambda stage: {"identity": to_link(stage)}),),
        "UnlinkIdentity": (_customer(provider="google"),),
        "MyOrders": (_customer(after=None, limit=20),),
        "MyOrder": (_customer(reference="anna-1"),),
        "SubscribeNewsletter": (_customer(text_version="2026-11", source="footer"),),
        "ConfirmNewsletter": (_link(Purpose.CONFIRM_NEWSLETTER),),
        "MyNewsletter": (_customer(),),
        "RecordOrderStatus": (
            Example(
                System,
                lambda stage: {"reference": "anna-1", "status": OrderStatus.PAID, "at": stage.clock.now},
            ),
        ),
        "RecordShipment": (
            Example(
                System,
                lambda stage: {
                    "reference": "anna-1",
                    "shipment_id": "s-2",
                    "parcels": [_PARCEL],
                    "shipped_at": stage.clock.now,
                },
            ),
        ),
        "ChangePassword": (
            _customer(current_password=PASSWORD, new_password=NEW),
            _customer(current_password=PASSWORD, generate_password=True),
        ),
        "RequestPasswordReset": (Example(Visitor, lambda _: {"email": ANNA, "locale": "de"}),),
        "ResetPassword": (
            _link(Purpose.RESET_PASSWORD, new_password=NEW),
            _link(Purpose.RESET_PASSWORD, generate_password=True),
        ),
        "ExportMyData": (_customer(orders_after=None),),
        "CloseAccount": (
            _customer(current_password=PASSWORD),
            Example(Agent, lambda stage: {"account_id": stage.anna.account_id, "reason": "asked by letter"}),
        ),
        "Register": (
            Example(Visitor, lambda _: {**_REGISTER, "password": PASSWORD}),
            Example(Visitor, lambda _: {**_REGISTER, "generate_password": True}),
        ),
        "ResendConfirmation": (Example(Visitor, lambda _: {"email": WAITING, "locale": "fr"}),),
        "CorrectRegistrationAddress": (Example(Visitor, lambda _: {"email": "right@mail.example"}),),
        "InspectRegistration": (Example(Visitor, lambda _: {}),),
        "RequestResellerPricing": (
            Example(Visitor, lambda _: {"message": "We buy a lot.", "company": _COMPANY}),
        ),
        "SignIn": (Example(Visitor, lambda _: {"email": ANNA, "password": PASSWORD}),),
        "SignOutEverywhere": (_customer(),),
        "SignInWithIdentity": (
            Example(
                Visitor,
                lambda stage: {
                    "id": ID,
                    "identity": google(stage, subject="new"),
                    "locale": "fr",
                    "newsletter": {"text_version": "2026-11"},
                    "continue_to": "/checkout",
                },
            ),
        ),
        "ConvertGuest": (
            Example(
                Agent,
                lambda _: {
                    "id": ID,
                    "email": "gerda@mail.example",
                    "reason": "asked",
                    "evidence": "letter",
                    "locale": "de",
                },
            ),
        ),
        "RequestMerge": (_customer(email="bert@mail.example", current_password=PASSWORD),),
        "PreviewMerge": (
            Example(SignedInCustomer, lambda stage: {"token": stage.token(Purpose.CONFIRM_MERGE)}),
            Example(Agent, lambda _: {"surviving": ANNA, "absorbed": "bert@mail.example"}),
        ),
        "MergeAccounts": (
            Example(SignedInCustomer, lambda stage: {"id": ID, "token": stage.token(Purpose.CONFIRM_MERGE)}),
            Example(
                Agent,
                lambda _: {
                    "id": ID,
                    "surviving": ANNA,
                    "absorbed": "bert@mail.example",
                    "reason": "asked",
                    "evidence": "letter",
                },
            ),
        ),
        "UndoMerge": (
            _link(Purpose.UNDO_MERGE),
            Example(
                Agent,
                lambda _: {
                    "surviving": "carl@mail.example",
                    "absorbed": "cora@mail.example",
                    "reason": "asked",
                },
            ),
        ),
        "ImportBatch": (
            Example(
                System,
                lambda _: {
                    "customers": [
                        {
                            "line": 2,
                            "key": "7",
                            "email": "imported@mail.example",
                            "proven": False,
                            "created_at": "2019-05-01T10:00:00Z",
                            "name": "Ina",
                            "locale": "de",
                            "password_hash": "$P$B1234567890123456789012345678901",
                            "addresses": [_ADDRESS],
                            "company": {
                                "name": "Druck & Co",
                                "vat_number": "DE136695976",
                                "country": "DE",
                            },
                            "newsletter": {
                                "text_version": "2018-05",
                                "at": "2019-05-01T10:00:00Z",
                                "source": "checkout",
                                "confirmed_at": "2019-05-01T11:00:00Z",
                            },
                        }
                    ],
                    "orders": [
                        {
                            "line": 2,
                            "reference": "old-1",
                            "number": "1",
                            "placed_at": "2019-05-01T10:00:00Z",
                            "email": "gerda@mail.example",
                            "status": "delivered",
                            "name": "Gerda",
                            "postcode": "8010",
                            "locale": "de",
                            "of_customer": False,
                        }
                    ],
                    "invite": True,
                },
            ),
        ),
        "ResendInvitation": (Example(Agent, lambda _: {"email": "invited@mail.example", "reason": "asked"}),),
        "CancelInvitation": (Example(Agent, lambda _: {"email": "invited@mail.example", "reason": "asked"}),),
        "PendingProposals": (Example(Agent, lambda _: {"after": None, "limit": 20}),),
        "RejectProposal": (Example(Agent, lambda stage: {"proposal_id": stage.proposal, "reason": "no"}),),
        "RequestConversion": (
            Example(
                Visitor,
                lambda _: {
                    "id": ID,
                    "email": "gerda@mail.example",
                    "name": "Gerda",
                    "order_number": "N-guest-1",
                    "message": "Please",
                    "locale": "de",
                },
            ),
        ),
        "ConversionRequests": (Example(Agent, lambda _: {"state": "open", "after": None, "limit": 20}),),
        "TakeRequest": (Example(Agent, lambda stage: {"request_id": stage.request}),),
        "AskCustomer": (Example(Agent, lambda stage: {"request_id": stage.request, "about": "postcode"}),),
        "RefuseRequest": (Example(Agent, lambda stage: {"request_id": stage.request, "why": "no_order"}),),
        "FinishRequest": (Example(Agent, lambda stage: {"request_id": stage.request}),),
        "PreviewGuestAddress": (
            Example(Agent, lambda _: {"reference": "guest-2", "email": "invted@mail.example"}),
        ),
        "CorrectGuestAddress": (
            Example(
                Agent,
                lambda _: {
                    "id": ID,
                    "reference": "guest-2",
                    "email": "invted@mail.example",
                    "reason": "told by phone",
                    "evidence": "invoice",
                },
            ),
        ),
        "RecordBounce": (
            Example(
                System,
                lambda stage: {
                    "message_id": f"<{next(iter(stage.storage._tables.mails))}@shop.example>",
                    "kind": "hard",
                    "at": stage.clock.now,
                    "reason": "5.1.1 unknown",
                },
            ),
        ),
        "ResendTracking": (
            Example(
                Agent,
                lambda _: {"id": ID, "reference": "guest-1", "shipment_id": "s-1", "reason": "asked"},
            ),
        ),
        "Lookup": (
            Example(Agent, lambda _: {**_LOOK, "email": "anna@mail.example"}),
            Example(Agent, lambda _: {**_LOOK, "email": "anna@mail.example", "after": _PLACE}),
            Example(Agent, lambda _: {**_LOOK, "order": "guest-1"}),
            Example(Agent, lambda _: {**_LOOK, "vat_number": "DE136695976"}),
        ),
        "Unsubscribe": (_link(Purpose.UNSUBSCRIBE),),
        "UnsubscribeNewsletter": (_customer(),),
        "IssueUnsubscribeLink": (Example(System, lambda stage: {"account_id": stage.anna.account_id}),),
        "RecordVatAnswer": (Example(System, lambda stage: {"answer": _answer(stage), "doubtful": False}),),
        "PrepareVatCheck": (Example(System, lambda _: {"number": "FR40303265045", "leased": 1}),),
        "BeginVatCheckup": (
            Example(System, lambda _: {"number": "DE136695976", "as_typed": "de 1", "asks": True}),
        ),
        "ResumeVatChecks": (Example(Agent, lambda _: {}),),
        "RecordOrderVat": (
            Example(
                System,
                lambda stage: {
                    "reference": "taxed-new",
                    "decision": decision(on=stage.clock.now.date()).to_json(),
                    "charged_net": Decimal(10),
                    "charged_vat": Decimal(2),
                    "charged_lines": 1,
                    "currency": "EUR",
                    "evidence_id": None,
                },
            ),
        ),
        "FindVatOrders": (Example(Agent, lambda _: {"state": "provisional", "after": None, "limit": 2}),),
        "ApproveVatCorrection": (Example(Agent, lambda _: {"reference": "taxed-late"}),),
        "AddVatEvidence": (
            Example(
                Agent,
                lambda stage: {
                    "reference": "taxed-charged",
                    "valid_on": stage.clock.now.date(),
                    "document": "letter 17",
                    "document_sha256": "a" * 64,
                    "consultation_number": "FON-1",
                },
            ),
        ),
        "RecheckVat": (Example(Agent, lambda _: {"number": "IT00743110157"}),),
        "ExportVatEvidence": (
            Example(Agent, lambda _: {"number": "DE136695976", "reference": None}),
            Example(System, lambda _: {"reference": "taxed-late"}),
        ),
        "CreateWishList": (_customer(id=ID, name="Presents"),),
        "RenameWishList": (
            Example(SignedInCustomer, lambda stage: {"list_id": stage.wish_list, "name": "Presents"}),
        ),
        "DeleteWishList": (Example(SignedInCustomer, lambda stage: {"list_id": stage.wish_list}),),
        "AddToWishList": (
            Example(
                SignedInCustomer,
                lambda stage: {"product": "PLA-1", "quantity": 2, "list_id": stage.wish_list},
            ),
        ),
        "RemoveFromWishList": (
            Example(SignedInCustomer, lambda stage: {"product": "PLA-1", "list_id": stage.wish_list}),
        ),
        "MyWishLists": (_customer(),),
    }
)


def commands() -> Iterator[type[Command]]:
    """Give every command there is."""
    waiting = list(Command.__subclasses__())
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith("customer_accounts."):
            yield one


def name_of(kind: type[Command]) -> str:
    """Give the name of a command, for the names of tests."""
    return kind.__name__


ALL: list[type[Command]] = sorted(commands(), key=name_of)

Path = tuple[str | int, ...]


def places(kind: type[BaseModel], before: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """Give the way to every field of a command, those of its parts included."""
    for name, field in kind.model_fields.items():
        yield (*before, name), field
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                several = part is not field.annotation and type(None) not in get_args(field.annotation)
                yield from places(part, (*before, name, 0) if several else (*before, name))


def replaced(fields: Any, path: Path, value: object) -> Any:
    """Give fields with another value in one place; None where the place does not exist."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        return [replaced(one, rest, value) if number == first else one for number, one in enumerate(fields)]
    return {**fields, first: replaced(fields.get(first, {}), rest, value)}
