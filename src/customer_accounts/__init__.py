"""Customer accounts for shop backends: the names that hosts import.

Each is defined in a module of its own and only re-exported here.  Protocols that a host implements are in
`customer_accounts.ports`, storages and mailers in `customer_accounts.adapters`, everything about tax in
`customer_accounts.vat`, and help for the tests of a host in `customer_accounts.testing`.
"""

from customer_accounts.account import PostalAddress, Session
from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.actors import Actor, Agent, SignedInCustomer, System, Visitor
from customer_accounts.belongings import WishItem
from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.email_suggestion import suggest_correction
from customer_accounts.errors import (
    ConflictError,
    CustomerAccountsError,
    RefusedError,
    SettingsError,
    StaleWriteError,
)
from customer_accounts.features.delivery_address import (
    AddAddress,
    AddressBook,
    AddressView,
    ChangeAddress,
    MyAddresses,
    RemoveAddress,
    SetDefaultAddress,
)
from customer_accounts.features.email_confirmation import (
    Confirmed,
    ConfirmEmail,
    InspectLink,
    LinkView,
    Needs,
)
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.features.guest_order_page import GuestOrderView, ViewGuestOrder
from customer_accounts.features.identity_approval import ApproveIdentities, IdentitiesApproved
from customer_accounts.features.order_notices import order_mails
from customer_accounts.features.order_tracking import (
    ParcelInput,
    RecordOrderStatus,
    RecordShipment,
    ShipmentRecorded,
    StatusRecorded,
)
from customer_accounts.features.password import ChangePassword, PasswordChanged
from customer_accounts.features.password_reset import (
    PasswordReset,
    RequestPasswordReset,
    ResetPassword,
    ResetRequested,
)
from customer_accounts.features.registration import (
    CorrectRegistrationAddress,
    InspectRegistration,
    Register,
    Registered,
    RegistrationState,
    RegistrationView,
    ResendConfirmation,
)
from customer_accounts.features.sign_in import SignedIn, SignedOutEverywhere, SignIn, SignOutEverywhere
from customer_accounts.features.wish_list import (
    AddToWishList,
    CreateWishList,
    DeleteWishList,
    MyWishLists,
    RemoveFromWishList,
    RenameWishList,
    WishListDeleted,
    WishLists,
    WishListView,
)
from customer_accounts.inputs import AddressInput, CompanyInput, NewsletterInput
from customer_accounts.order import OrderStatus, Parcel, Shipment
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings, Storefront
from customer_accounts.token import Purpose
from customer_accounts.vat import Seller, VatStatus, decide_order, decide_vat

__all__ = [
    "Accounts",
    "Actor",
    "AddAddress",
    "AddToWishList",
    "AddressBook",
    "AddressInput",
    "AddressView",
    "Agent",
    "ApproveIdentities",
    "AsyncAccounts",
    "ChangeAddress",
    "ChangePassword",
    "ClaimGuestOrders",
    "Claimed",
    "CompanyInput",
    "ConfirmEmail",
    "Confirmed",
    "ConflictError",
    "CorrectRegistrationAddress",
    "CreateWishList",
    "CustomerAccountsError",
    "DeleteWishList",
    "EmailAddress",
    "EmailAddressError",
    "GuestOrderView",
    "IdentitiesApproved",
    "InspectLink",
    "InspectRegistration",
    "LinkView",
    "MyAddresses",
    "MyWishLists",
    "Needs",
    "NewsletterInput",
    "OrderRecorded",
    "OrderStatus",
    "Parcel",
    "ParcelInput",
    "PasswordChanged",
    "PasswordReset",
    "PostalAddress",
    "Purpose",
    "Reason",
    "RecordOrder",
    "RecordOrderStatus",
    "RecordShipment",
    "Refused",
    "RefusedError",
    "Register",
    "Registered",
    "RegistrationState",
    "RegistrationView",
    "RemoveAddress",
    "RemoveFromWishList",
    "RenameWishList",
    "RequestPasswordReset",
    "ResendConfirmation",
    "ResetPassword",
    "ResetRequested",
    "Seller",
    "Session",
    "SetDefaultAddress",
    "Settings",
    "SettingsError",
    "Shipment",
    "ShipmentRecorded",
    "SignIn",
    "SignOutEverywhere",
    "SignedIn",
    "SignedInCustomer",
    "SignedOutEverywhere",
    "StaleWriteError",
    "StatusRecorded",
    "Storefront",
    "System",
    "VatStatus",
    "ViewGuestOrder",
    "Visitor",
    "WishItem",
    "WishListDeleted",
    "WishListView",
    "WishLists",
    "decide_order",
    "decide_vat",
    "order_mails",
    "suggest_correction",
]
