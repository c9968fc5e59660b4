"""Customer accounts for shop backends: the names that hosts import.

Each is defined in a module of its own and only re-exported here.  Protocols that a host implements are in
`customer_accounts.ports`, storages and mailers in `customer_accounts.adapters`, everything about tax in
`customer_accounts.vat`, and help for the tests of a host in `customer_accounts.testing`.
"""

from customer_accounts.account import Consent, PostalAddress, Session
from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.actors import Actor, Agent, SignedInCustomer, System, Visitor
from customer_accounts.belongings import SubscriptionStatus, WishItem
from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.email_suggestion import suggest_correction
from customer_accounts.errors import (
    ConflictError,
    CustomerAccountsError,
    RefusedError,
    SettingsError,
    StaleWriteError,
)
from customer_accounts.features.benefits import AccountView, Benefit, MyAccount, benefits_of
from customer_accounts.features.company import (
    CompanyRemoved,
    CompanyView,
    MyCompany,
    RemoveCompany,
    SetCompany,
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
from customer_accounts.features.email_change import (
    ConfirmEmailChange,
    EmailChanged,
    EmailChangeRequested,
    RequestEmailChange,
)
from customer_accounts.features.email_change_undo import CancelEmailChange, EmailChangeCancelled
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
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity
from customer_accounts.features.identity_approval import ApproveIdentities, IdentitiesApproved
from customer_accounts.features.identity_links import (
    IdentityLinked,
    IdentityUnlinked,
    LinkIdentity,
    UnlinkIdentity,
)
from customer_accounts.features.my_orders import MyOrder, MyOrders, OrderPage, OrderView
from customer_accounts.features.newsletter import ConfirmNewsletter, MyNewsletter, SubscribeNewsletter
from customer_accounts.features.newsletter_state import NewsletterView
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
from customer_accounts.features.privacy import AccountClosed, CloseAccount, DataExport, ExportMyData
from customer_accounts.features.registration import (
    CorrectRegistrationAddress,
    InspectRegistration,
    Register,
    Registered,
    RegistrationState,
    RegistrationView,
    ResendConfirmation,
)
from customer_accounts.features.reseller import RequestResellerPricing
from customer_accounts.features.sign_in import SignedIn, SignedOutEverywhere, SignIn, SignOutEverywhere
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.features.support import ConversionOutcome, ConvertGuest, GuestConversion
from customer_accounts.features.unsubscription import (
    IssueUnsubscribeLink,
    Unsubscribe,
    Unsubscribed,
    UnsubscribeLink,
    UnsubscribeNewsletter,
)
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
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
from customer_accounts.vat import Seller, VatAnswer, VatStatus, decide_order, decide_vat

__all__ = [
    "AccountClosed",
    "AccountView",
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
    "Benefit",
    "CancelEmailChange",
    "ChangeAddress",
    "ChangePassword",
    "ClaimGuestOrders",
    "Claimed",
    "CloseAccount",
    "CompanyInput",
    "CompanyRemoved",
    "CompanyView",
    "ConfirmEmail",
    "ConfirmEmailChange",
    "ConfirmNewsletter",
    "Confirmed",
    "ConflictError",
    "Consent",
    "ConversionOutcome",
    "ConvertGuest",
    "CorrectRegistrationAddress",
    "CreateWishList",
    "CustomerAccountsError",
    "DataExport",
    "DeleteWishList",
    "EmailAddress",
    "EmailAddressError",
    "EmailChangeCancelled",
    "EmailChangeRequested",
    "EmailChanged",
    "ExportMyData",
    "GuestConversion",
    "GuestOrderView",
    "IdentitiesApproved",
    "IdentityLinked",
    "IdentityUnlinked",
    "IdentityUse",
    "InspectLink",
    "InspectRegistration",
    "IssueUnsubscribeLink",
    "LinkIdentity",
    "LinkView",
    "MyAccount",
    "MyAddresses",
    "MyCompany",
    "MyNewsletter",
    "MyOrder",
    "MyOrders",
    "MyWishLists",
    "Needs",
    "NewsletterInput",
    "NewsletterView",
    "OrderPage",
    "OrderRecorded",
    "OrderStatus",
    "OrderView",
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
    "RecordVatAnswer",
    "Refused",
    "RefusedError",
    "Register",
    "Registered",
    "RegistrationState",
    "RegistrationView",
    "RemoveAddress",
    "RemoveCompany",
    "RemoveFromWishList",
    "RenameWishList",
    "RequestEmailChange",
    "RequestPasswordReset",
    "RequestResellerPricing",
    "ResendConfirmation",
    "ResetPassword",
    "ResetRequested",
    "Seller",
    "Session",
    "SetCompany",
    "SetDefaultAddress",
    "Settings",
    "SettingsError",
    "Shipment",
    "ShipmentRecorded",
    "SignIn",
    "SignInWithIdentity",
    "SignOutEverywhere",
    "SignedIn",
    "SignedInCustomer",
    "SignedOutEverywhere",
    "StaleWriteError",
    "StatusRecorded",
    "Storefront",
    "SubscribeNewsletter",
    "SubscriptionStatus",
    "System",
    "UnlinkIdentity",
    "Unsubscribe",
    "UnsubscribeLink",
    "UnsubscribeNewsletter",
    "Unsubscribed",
    "VatAnswer",
    "VatAnswerRecorded",
    "VatStatus",
    "VerifiedIdentity",
    "ViewGuestOrder",
    "Visitor",
    "WishItem",
    "WishListDeleted",
    "WishListView",
    "WishLists",
    "benefits_of",
    "decide_order",
    "decide_vat",
    "order_mails",
    "suggest_correction",
]
