"""What people type for the tool: numbers, countries and the address of the register."""

from customer_accounts.adapters.vies import ViesRegister
from customer_accounts.cli.ending import Exit, ended
from customer_accounts.vat import NumberProblem, Place, VatNumber, VatNumberError


def read_number(typed: str | None, country: str | None) -> tuple[VatNumber | None, VatNumberError | None]:
    """Read a number as a customer typed it; what is wrong with it is no error, and nothing typed is no number.

    Args:
        typed: as typed, or None.
        country: whose prefix to try if the number has none.
    """
    try:
        return (None if typed is None else VatNumber.parse(typed, country)), None
    except VatNumberError as error:
        return error.number, None if error.reason is NumberProblem.EMPTY else error


def register_at(url: str, test_service: bool = False) -> ViesRegister:
    """Give the register at an address; one that cannot be ends the command."""
    try:
        return ViesRegister(base_url=url, test_service=test_service)
    except ValueError as error:
        raise ended(Exit.USAGE, str(error)) from None


def number_or_end(option: str, typed: str) -> VatNumber:
    """Read the shop's own number; one that cannot be read ends the command."""
    try:
        return own_number(option, typed)
    except ValueError as error:
        raise ended(Exit.USAGE, str(error)) from None


def country_or_end(option: str, typed: str) -> None:
    """Read a country; one that no code names ends the command."""
    try:
        Place(typed)
    except ValueError as error:
        raise ended(Exit.USAGE, f"{option}: {error}") from None


def own_number(option: str, typed: str, country: str | None = None) -> VatNumber:
    """Read the shop's own number.

    Args:
        option: its name, for who mistyped it.
        typed: as typed.
        country: whose prefix to try if the number has none.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        return VatNumber.parse(typed, country)
    except VatNumberError as error:
        text = f"{option}: no VAT number that a shop can have ({error}); it begins with its state, as ATU13585627."
        raise ValueError(text) from None
