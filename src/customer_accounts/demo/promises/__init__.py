"""The promises of the FAQ in their order, each with the function that plays it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from customer_accounts.demo.promises import (
    benefits,
    companies,
    guest_to_account,
    guests,
    prices,
    registration,
    social,
)
from customer_accounts.demo.scene import Scene

PROMISES: Mapping[str, Callable[[Scene], None]] = MappingProxyType(
    {
        "F01": registration.anyone_registers,
        "F02": registration.chosen_password,
        "F03": registration.generated_password,
        "F04": registration.confirmation_mail,
        "F05": registration.no_mail_is_no_dead_end,
        "F06": registration.typing_errors,
        "F07": benefits.status_of_the_order,
        "F08": benefits.history_of_orders,
        "F09": benefits.wish_lists,
        "F10": benefits.delivery_addresses,
        "F11": guests.order_without_account,
        "F12": guests.nothing_kept_of_a_guest,
        "F13": guests.no_benefits_for_guests,
        "F14": guests.tracking_number_only,
        "F15": guest_to_account.alone,
        "F16": guest_to_account.through_support,
        "F17": guests.warning_at_guest_checkout,
        "F18": social.linked_from_inside,
        "F19": social.account_by_social_sign_in,
        "F20": social.without_a_password,
        "F21": companies.number_of_the_account,
        "F22": companies.foreign_number_needs_vies,
        "F23": companies.checked_by_the_register,
        "F24": companies.no_vat_for_accepted_companies,
        "F25": companies.unrecognised_number,
        "F26": prices.number_is_information,
        "F27": prices.resellers_pay_the_same,
    }
)
