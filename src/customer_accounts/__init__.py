"""Customer accounts for shop backends: the names that hosts import.

Each is defined in a module of its own and only re-exported here, and that module is loaded when the name is first
asked for.  Protocols that a host implements are in `customer_accounts.ports`, storages and mailers in
`customer_accounts.adapters`, everything about tax in `customer_accounts.vat`, and help for the tests of a host in
`customer_accounts.testing`.

A new name is an import in the block below; ``make exports`` writes it into the two lists.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customer_accounts.account import (
        Consent,
        PostalAddress,
        Session,
    )
    from customer_accounts.accounts import (
        Accounts,
        AsyncAccounts,
    )
    from customer_accounts.actors import (
        Actor,
        Agent,
        SignedInCustomer,
        System,
        Visitor,
    )
    from customer_accounts.belongings import (
        SubscriptionStatus,
        WishItem,
    )
    from customer_accounts.casework import (
        RequestState,
    )
    from customer_accounts.claim import (
        ClaimCause,
        Coverage,
        Grade,
        OrderAddresses,
    )
    from customer_accounts.email_address import (
        EmailAddress,
        EmailAddressError,
    )
    from customer_accounts.email_suggestion import (
        suggest_correction,
    )
    from customer_accounts.errors import (
        ConflictError,
        CustomerAccountsError,
        RefusedError,
        SettingsError,
        StaleWriteError,
    )
    from customer_accounts.evidence import (
        OrderVatState,
    )
    from customer_accounts.features.account_merge import (
        AccountsMerged,
        MergeAccounts,
        MergePreview,
        MergeRequested,
        PreviewMerge,
        RequestMerge,
    )
    from customer_accounts.features.account_merge_undo import (
        MergeUndone,
        UndoMerge,
    )
    from customer_accounts.features.benefits import (
        AccountView,
        Benefit,
        MyAccount,
        benefits_of,
    )
    from customer_accounts.features.bounce import (
        BounceRecorded,
        RecordBounce,
    )
    from customer_accounts.features.claim_order import (
        ClaimOrder,
        ClaimWithEvidence,
    )
    from customer_accounts.features.claim_plan import (
        Claimant,
        ClaimPlan,
        NotInherited,
        OrdersThatStay,
        Stays,
        plan_claim,
    )
    from customer_accounts.features.claim_undo import (
        ClaimUndone,
        ClaimView,
        ClaimViews,
        MyClaims,
        UndoClaim,
    )
    from customer_accounts.features.company import (
        CompanyRemoved,
        CompanyView,
        MyCompany,
        RemoveCompany,
        SetCompany,
    )
    from customer_accounts.features.conversion_invitation import (
        CancelInvitation,
        InvitationCancelled,
        InvitationResent,
        ResendInvitation,
    )
    from customer_accounts.features.conversion_requests import (
        AskCustomer,
        ConversionRequest,
        ConversionRequested,
        ConversionRequests,
        FinishRequest,
        Question,
        RefuseRequest,
        RequestConversion,
        RequestPage,
        TakeRequest,
        WhyRefused,
    )
    from customer_accounts.features.data_import import ImportBatch
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
    from customer_accounts.features.email_change_undo import (
        CancelEmailChange,
        EmailChangeCancelled,
    )
    from customer_accounts.features.email_confirmation import (
        Confirmed,
        ConfirmEmail,
        InspectLink,
        LinkView,
        Needs,
    )
    from customer_accounts.features.four_eyes import (
        PendingProposals,
        Proposal,
        ProposalPage,
        ProposalRejected,
        RejectProposal,
    )
    from customer_accounts.features.guest_address import (
        CorrectGuestAddress,
        GuestAddressCorrected,
        GuestAddressPreview,
        NearMiss,
        PreviewGuestAddress,
    )
    from customer_accounts.features.guest_claim import (
        Claimed,
        ClaimGuestOrders,
        ClaimInspection,
        ClaimPreview,
        PreviewClaim,
    )
    from customer_accounts.features.guest_order import (
        OrderRecorded,
        RecordOrder,
    )
    from customer_accounts.features.guest_order_page import (
        AccountOffered,
        GuestOrderView,
        OpenAccountFromOrder,
        ViewGuestOrder,
    )
    from customer_accounts.features.identity import (
        IdentityUse,
        VerifiedIdentity,
    )
    from customer_accounts.features.identity_approval import (
        ApproveIdentities,
        IdentitiesApproved,
    )
    from customer_accounts.features.identity_links import (
        IdentityLinked,
        IdentityUnlinked,
        LinkIdentity,
        UnlinkIdentity,
    )
    from customer_accounts.features.import_rows import (
        Imported,
        ImportedConsent,
        ImportedCustomer,
        ImportedOrder,
        RejectedRow,
        RowProblem,
    )
    from customer_accounts.features.late_confirmation import (
        LateVatConfirmation,
    )
    from customer_accounts.features.my_orders import (
        MyOrder,
        MyOrders,
        OrderPage,
        OrderView,
    )
    from customer_accounts.features.newsletter import (
        ConfirmNewsletter,
        MyNewsletter,
        SubscribeNewsletter,
    )
    from customer_accounts.features.newsletter_state import (
        NewsletterView,
    )
    from customer_accounts.features.order_dispute import (
        DisputeRecorded,
        RecordDispute,
    )
    from customer_accounts.features.order_notices import (
        order_mails,
    )
    from customer_accounts.features.order_tracking import (
        ParcelInput,
        RecordOrderStatus,
        RecordShipment,
        ShipmentRecorded,
        StatusRecorded,
    )
    from customer_accounts.features.order_vat import (
        FindVatOrders,
        OrderVatRecorded,
        RecordOrderVat,
        VatOrder,
        VatOrderPage,
    )
    from customer_accounts.features.password import (
        ChangePassword,
        PasswordChanged,
    )
    from customer_accounts.features.password_reset import (
        PasswordReset,
        RequestPasswordReset,
        ResetPassword,
        ResetRequested,
    )
    from customer_accounts.features.privacy import (
        AccountClosed,
        CloseAccount,
        DataExport,
        ExportMyData,
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
    from customer_accounts.features.reseller import (
        RequestResellerPricing,
    )
    from customer_accounts.features.sign_in import (
        SignedIn,
        SignedOutEverywhere,
        SignIn,
        SignOutEverywhere,
    )
    from customer_accounts.features.social_sign_in import (
        SignInWithIdentity,
    )
    from customer_accounts.features.support import (
        ConversionOutcome,
        ConvertGuest,
        GuestConversion,
    )
    from customer_accounts.features.tracking_resend import (
        ResendTracking,
        TrackingResent,
    )
    from customer_accounts.features.unsubscription import (
        IssueUnsubscribeLink,
        Unsubscribe,
        Unsubscribed,
        UnsubscribeLink,
        UnsubscribeNewsletter,
    )
    from customer_accounts.features.vat_answer import (
        RecordVatAnswer,
        VatAnswerRecorded,
    )
    from customer_accounts.features.vat_checkup import (
        BeginVatCheckup,
        PrepareVatCheck,
        VatCheckup,
    )
    from customer_accounts.features.vat_correction import (
        ApproveVatCorrection,
    )
    from customer_accounts.features.vat_evidence import (
        AddVatEvidence,
        ExportVatEvidence,
        RecheckVat,
        VatEvidenceExport,
        VatRecheck,
    )
    from customer_accounts.features.vat_pause import (
        ResumeVatChecks,
        VatChecksResumed,
    )
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
    from customer_accounts.inputs import (
        AddressInput,
        CompanyInput,
        NewsletterInput,
    )
    from customer_accounts.order import (
        GuestOrderGroup,
        OrderStatus,
        Parcel,
        Shipment,
    )
    from customer_accounts.outbox import BounceKind
    from customer_accounts.permissions import (
        AgentTask,
    )
    from customer_accounts.refusals import (
        Reason,
        Refused,
    )
    from customer_accounts.settings import (
        Settings,
        Storefront,
    )
    from customer_accounts.token import (
        Purpose,
    )
    from customer_accounts.vat import (
        Seller,
        VatAnswer,
        VatStatus,
        decide_order,
        decide_vat,
    )

__all__ = [
    "AccountClosed",
    "AccountOffered",
    "AccountView",
    "Accounts",
    "AccountsMerged",
    "Actor",
    "AddAddress",
    "AddToWishList",
    "AddVatEvidence",
    "AddressBook",
    "AddressInput",
    "AddressView",
    "Agent",
    "AgentTask",
    "ApproveIdentities",
    "ApproveVatCorrection",
    "AskCustomer",
    "AsyncAccounts",
    "BeginVatCheckup",
    "Benefit",
    "BounceKind",
    "BounceRecorded",
    "CancelEmailChange",
    "CancelInvitation",
    "ChangeAddress",
    "ChangePassword",
    "ClaimCause",
    "ClaimGuestOrders",
    "ClaimInspection",
    "ClaimOrder",
    "ClaimPlan",
    "ClaimPreview",
    "ClaimUndone",
    "ClaimView",
    "ClaimViews",
    "ClaimWithEvidence",
    "Claimant",
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
    "ConversionRequest",
    "ConversionRequested",
    "ConversionRequests",
    "ConvertGuest",
    "CorrectGuestAddress",
    "CorrectRegistrationAddress",
    "Coverage",
    "CreateWishList",
    "CustomerAccountsError",
    "DataExport",
    "DeleteWishList",
    "DisputeRecorded",
    "EmailAddress",
    "EmailAddressError",
    "EmailChangeCancelled",
    "EmailChangeRequested",
    "EmailChanged",
    "ExportMyData",
    "ExportVatEvidence",
    "FindVatOrders",
    "FinishRequest",
    "Grade",
    "GuestAddressCorrected",
    "GuestAddressPreview",
    "GuestConversion",
    "GuestOrderGroup",
    "GuestOrderView",
    "IdentitiesApproved",
    "IdentityLinked",
    "IdentityUnlinked",
    "IdentityUse",
    "ImportBatch",
    "Imported",
    "ImportedConsent",
    "ImportedCustomer",
    "ImportedOrder",
    "InspectLink",
    "InspectRegistration",
    "InvitationCancelled",
    "InvitationResent",
    "IssueUnsubscribeLink",
    "LateVatConfirmation",
    "LinkIdentity",
    "LinkView",
    "MergeAccounts",
    "MergePreview",
    "MergeRequested",
    "MergeUndone",
    "MyAccount",
    "MyAddresses",
    "MyClaims",
    "MyCompany",
    "MyNewsletter",
    "MyOrder",
    "MyOrders",
    "MyWishLists",
    "NearMiss",
    "Needs",
    "NewsletterInput",
    "NewsletterView",
    "NotInherited",
    "OpenAccountFromOrder",
    "OrderAddresses",
    "OrderPage",
    "OrderRecorded",
    "OrderStatus",
    "OrderVatRecorded",
    "OrderVatState",
    "OrderView",
    "OrdersThatStay",
    "Parcel",
    "ParcelInput",
    "PasswordChanged",
    "PasswordReset",
    "PendingProposals",
    "PostalAddress",
    "PrepareVatCheck",
    "PreviewClaim",
    "PreviewGuestAddress",
    "PreviewMerge",
    "Proposal",
    "ProposalPage",
    "ProposalRejected",
    "Purpose",
    "Question",
    "Reason",
    "RecheckVat",
    "RecordBounce",
    "RecordDispute",
    "RecordOrder",
    "RecordOrderStatus",
    "RecordOrderVat",
    "RecordShipment",
    "RecordVatAnswer",
    "RefuseRequest",
    "Refused",
    "RefusedError",
    "Register",
    "Registered",
    "RegistrationState",
    "RegistrationView",
    "RejectProposal",
    "RejectedRow",
    "RemoveAddress",
    "RemoveCompany",
    "RemoveFromWishList",
    "RenameWishList",
    "RequestConversion",
    "RequestEmailChange",
    "RequestMerge",
    "RequestPage",
    "RequestPasswordReset",
    "RequestResellerPricing",
    "RequestState",
    "ResendConfirmation",
    "ResendInvitation",
    "ResendTracking",
    "ResetPassword",
    "ResetRequested",
    "ResumeVatChecks",
    "RowProblem",
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
    "Stays",
    "Storefront",
    "SubscribeNewsletter",
    "SubscriptionStatus",
    "System",
    "TakeRequest",
    "TrackingResent",
    "UndoClaim",
    "UndoMerge",
    "UnlinkIdentity",
    "Unsubscribe",
    "UnsubscribeLink",
    "UnsubscribeNewsletter",
    "Unsubscribed",
    "VatAnswer",
    "VatAnswerRecorded",
    "VatChecksResumed",
    "VatCheckup",
    "VatEvidenceExport",
    "VatOrder",
    "VatOrderPage",
    "VatRecheck",
    "VatStatus",
    "VerifiedIdentity",
    "ViewGuestOrder",
    "Visitor",
    "WhyRefused",
    "WishItem",
    "WishListDeleted",
    "WishListView",
    "WishLists",
    "benefits_of",
    "decide_order",
    "decide_vat",
    "order_mails",
    "plan_claim",
    "suggest_correction",
]

#: The module of each name, below the package (PEP 562: a host's start pays for what it uses).
_HOMES = {
    "AccountClosed": "features.privacy",
    "AccountOffered": "features.guest_order_page",
    "AccountView": "features.benefits",
    "Accounts": "accounts",
    "AccountsMerged": "features.account_merge",
    "Actor": "actors",
    "AddAddress": "features.delivery_address",
    "AddToWishList": "features.wish_list",
    "AddVatEvidence": "features.vat_evidence",
    "AddressBook": "features.delivery_address",
    "AddressInput": "inputs",
    "AddressView": "features.delivery_address",
    "Agent": "actors",
    "AgentTask": "permissions",
    "ApproveIdentities": "features.identity_approval",
    "ApproveVatCorrection": "features.vat_correction",
    "AskCustomer": "features.conversion_requests",
    "AsyncAccounts": "accounts",
    "BeginVatCheckup": "features.vat_checkup",
    "Benefit": "features.benefits",
    "BounceKind": "outbox",
    "BounceRecorded": "features.bounce",
    "CancelEmailChange": "features.email_change_undo",
    "CancelInvitation": "features.conversion_invitation",
    "ChangeAddress": "features.delivery_address",
    "ChangePassword": "features.password",
    "ClaimCause": "claim",
    "ClaimGuestOrders": "features.guest_claim",
    "ClaimInspection": "features.guest_claim",
    "ClaimOrder": "features.claim_order",
    "ClaimPlan": "features.claim_plan",
    "ClaimPreview": "features.guest_claim",
    "ClaimUndone": "features.claim_undo",
    "ClaimView": "features.claim_undo",
    "ClaimViews": "features.claim_undo",
    "ClaimWithEvidence": "features.claim_order",
    "Claimant": "features.claim_plan",
    "Claimed": "features.guest_claim",
    "CloseAccount": "features.privacy",
    "CompanyInput": "inputs",
    "CompanyRemoved": "features.company",
    "CompanyView": "features.company",
    "ConfirmEmail": "features.email_confirmation",
    "ConfirmEmailChange": "features.email_change",
    "ConfirmNewsletter": "features.newsletter",
    "Confirmed": "features.email_confirmation",
    "ConflictError": "errors",
    "Consent": "account",
    "ConversionOutcome": "features.support",
    "ConversionRequest": "features.conversion_requests",
    "ConversionRequested": "features.conversion_requests",
    "ConversionRequests": "features.conversion_requests",
    "ConvertGuest": "features.support",
    "CorrectGuestAddress": "features.guest_address",
    "CorrectRegistrationAddress": "features.registration",
    "Coverage": "claim",
    "CreateWishList": "features.wish_list",
    "CustomerAccountsError": "errors",
    "DataExport": "features.privacy",
    "DeleteWishList": "features.wish_list",
    "DisputeRecorded": "features.order_dispute",
    "EmailAddress": "email_address",
    "EmailAddressError": "email_address",
    "EmailChangeCancelled": "features.email_change_undo",
    "EmailChangeRequested": "features.email_change",
    "EmailChanged": "features.email_change",
    "ExportMyData": "features.privacy",
    "ExportVatEvidence": "features.vat_evidence",
    "FindVatOrders": "features.order_vat",
    "FinishRequest": "features.conversion_requests",
    "Grade": "claim",
    "GuestAddressCorrected": "features.guest_address",
    "GuestAddressPreview": "features.guest_address",
    "GuestConversion": "features.support",
    "GuestOrderGroup": "order",
    "GuestOrderView": "features.guest_order_page",
    "IdentitiesApproved": "features.identity_approval",
    "IdentityLinked": "features.identity_links",
    "IdentityUnlinked": "features.identity_links",
    "IdentityUse": "features.identity",
    "ImportBatch": "features.data_import",
    "Imported": "features.import_rows",
    "ImportedConsent": "features.import_rows",
    "ImportedCustomer": "features.import_rows",
    "ImportedOrder": "features.import_rows",
    "InspectLink": "features.email_confirmation",
    "InspectRegistration": "features.registration",
    "InvitationCancelled": "features.conversion_invitation",
    "InvitationResent": "features.conversion_invitation",
    "IssueUnsubscribeLink": "features.unsubscription",
    "LateVatConfirmation": "features.late_confirmation",
    "LinkIdentity": "features.identity_links",
    "LinkView": "features.email_confirmation",
    "MergeAccounts": "features.account_merge",
    "MergePreview": "features.account_merge",
    "MergeRequested": "features.account_merge",
    "MergeUndone": "features.account_merge_undo",
    "MyAccount": "features.benefits",
    "MyAddresses": "features.delivery_address",
    "MyClaims": "features.claim_undo",
    "MyCompany": "features.company",
    "MyNewsletter": "features.newsletter",
    "MyOrder": "features.my_orders",
    "MyOrders": "features.my_orders",
    "MyWishLists": "features.wish_list",
    "NearMiss": "features.guest_address",
    "Needs": "features.email_confirmation",
    "NewsletterInput": "inputs",
    "NewsletterView": "features.newsletter_state",
    "NotInherited": "features.claim_plan",
    "OpenAccountFromOrder": "features.guest_order_page",
    "OrderAddresses": "claim",
    "OrderPage": "features.my_orders",
    "OrderRecorded": "features.guest_order",
    "OrderStatus": "order",
    "OrderVatRecorded": "features.order_vat",
    "OrderVatState": "evidence",
    "OrderView": "features.my_orders",
    "OrdersThatStay": "features.claim_plan",
    "Parcel": "order",
    "ParcelInput": "features.order_tracking",
    "PasswordChanged": "features.password",
    "PasswordReset": "features.password_reset",
    "PendingProposals": "features.four_eyes",
    "PostalAddress": "account",
    "PrepareVatCheck": "features.vat_checkup",
    "PreviewClaim": "features.guest_claim",
    "PreviewGuestAddress": "features.guest_address",
    "PreviewMerge": "features.account_merge",
    "Proposal": "features.four_eyes",
    "ProposalPage": "features.four_eyes",
    "ProposalRejected": "features.four_eyes",
    "Purpose": "token",
    "Question": "features.conversion_requests",
    "Reason": "refusals",
    "RecheckVat": "features.vat_evidence",
    "RecordBounce": "features.bounce",
    "RecordDispute": "features.order_dispute",
    "RecordOrder": "features.guest_order",
    "RecordOrderStatus": "features.order_tracking",
    "RecordOrderVat": "features.order_vat",
    "RecordShipment": "features.order_tracking",
    "RecordVatAnswer": "features.vat_answer",
    "RefuseRequest": "features.conversion_requests",
    "Refused": "refusals",
    "RefusedError": "errors",
    "Register": "features.registration",
    "Registered": "features.registration",
    "RegistrationState": "features.registration",
    "RegistrationView": "features.registration",
    "RejectProposal": "features.four_eyes",
    "RejectedRow": "features.import_rows",
    "RemoveAddress": "features.delivery_address",
    "RemoveCompany": "features.company",
    "RemoveFromWishList": "features.wish_list",
    "RenameWishList": "features.wish_list",
    "RequestConversion": "features.conversion_requests",
    "RequestEmailChange": "features.email_change",
    "RequestMerge": "features.account_merge",
    "RequestPage": "features.conversion_requests",
    "RequestPasswordReset": "features.password_reset",
    "RequestResellerPricing": "features.reseller",
    "RequestState": "casework",
    "ResendConfirmation": "features.registration",
    "ResendInvitation": "features.conversion_invitation",
    "ResendTracking": "features.tracking_resend",
    "ResetPassword": "features.password_reset",
    "ResetRequested": "features.password_reset",
    "ResumeVatChecks": "features.vat_pause",
    "RowProblem": "features.import_rows",
    "Seller": "vat",
    "Session": "account",
    "SetCompany": "features.company",
    "SetDefaultAddress": "features.delivery_address",
    "Settings": "settings",
    "SettingsError": "errors",
    "Shipment": "order",
    "ShipmentRecorded": "features.order_tracking",
    "SignIn": "features.sign_in",
    "SignInWithIdentity": "features.social_sign_in",
    "SignOutEverywhere": "features.sign_in",
    "SignedIn": "features.sign_in",
    "SignedInCustomer": "actors",
    "SignedOutEverywhere": "features.sign_in",
    "StaleWriteError": "errors",
    "StatusRecorded": "features.order_tracking",
    "Stays": "features.claim_plan",
    "Storefront": "settings",
    "SubscribeNewsletter": "features.newsletter",
    "SubscriptionStatus": "belongings",
    "System": "actors",
    "TakeRequest": "features.conversion_requests",
    "TrackingResent": "features.tracking_resend",
    "UndoClaim": "features.claim_undo",
    "UndoMerge": "features.account_merge_undo",
    "UnlinkIdentity": "features.identity_links",
    "Unsubscribe": "features.unsubscription",
    "UnsubscribeLink": "features.unsubscription",
    "UnsubscribeNewsletter": "features.unsubscription",
    "Unsubscribed": "features.unsubscription",
    "VatAnswer": "vat",
    "VatAnswerRecorded": "features.vat_answer",
    "VatChecksResumed": "features.vat_pause",
    "VatCheckup": "features.vat_checkup",
    "VatEvidenceExport": "features.vat_evidence",
    "VatOrder": "features.order_vat",
    "VatOrderPage": "features.order_vat",
    "VatRecheck": "features.vat_evidence",
    "VatStatus": "vat",
    "VerifiedIdentity": "features.identity",
    "ViewGuestOrder": "features.guest_order_page",
    "Visitor": "actors",
    "WhyRefused": "features.conversion_requests",
    "WishItem": "belongings",
    "WishListDeleted": "features.wish_list",
    "WishListView": "features.wish_list",
    "WishLists": "features.wish_list",
    "benefits_of": "features.benefits",
    "decide_order": "vat",
    "decide_vat": "vat",
    "order_mails": "features.order_notices",
    "plan_claim": "features.claim_plan",
    "suggest_correction": "email_suggestion",
}


def __dir__() -> list[str]:
    """List what can be imported, loaded or not."""
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # pragma: no branch - a type checker must refuse names that are not there

    def __getattr__(name: str) -> Any:
        """Load a name's module when the name is first asked for."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = found
        return found
