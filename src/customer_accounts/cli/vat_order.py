"""The options that say who sells what to whom, and the order that they make."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Concatenate, ParamSpec

import attrs
import typer

from customer_accounts.cli.ending import Exit, ended, told
from customer_accounts.cli.vat_input import own_number, read_number
from customer_accounts.vat import (
    Buyer,
    Place,
    Seller,
    Supply,
    SupplyKind,
    VatNumberError,
    VatStatus,
)

P = ParamSpec("P")


class Language(StrEnum):
    """The languages of the texts."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"


class Where(StrEnum):
    """Where something is taxed."""

    ORIGIN = "origin"
    CONSUMER = "consumer"


class Rate(StrEnum):
    """Whose rate counts at an enclave."""

    ORIGIN = "origin"
    DESTINATION = "destination"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
#: Where VIES is asked; a shop may rehearse with another one, such as `customer_accounts.testing.fake_vies`.
ViesUrl = Annotated[
    str,
    typer.Option(
        metavar="URL",
        envvar="CUSTOMER_ACCOUNTS_VIES_URL",
        show_envvar=True,
        help="Address of the register: https, or http on this machine.",
    ),
]
TestService = Annotated[
    bool,
    typer.Option("--test-service", help="Ask the register's service for tests: DE100 is valid, DE200 not."),
]
Requester = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="The shop's own VAT number, for a proof of the consultation."),
]
#: The language of every command here.
Lang = Annotated[Language, typer.Option("--lang", help="Language of the texts.")]


@attrs.frozen
class Order:
    """What `decide_vat` is asked about."""

    supply: Supply
    buyer: Buyer
    seller: Seller
    problem: VatNumberError | None = None


@attrs.frozen
class Options:
    """The options about an order as they were given; the order is made when it is asked for.

    Args:
        lang: language of the texts.
        typed: those about the order that somebody typed, as they are typed.
    """

    lang: str
    typed: tuple[str, ...]
    _given: Mapping[str, Any]

    def order(self) -> Order:
        """Make the order; what cannot be ends the command."""
        made = order(**self._given)
        if (
            "--number" in self.typed and "--business" not in self.typed
        ):  # which is the name of --consumer, too
            told("A number was given without --business: this is decided for a consumer.")
        return made


def now() -> datetime:
    """Give the time, UTC; a program is where the real clock comes from."""
    return datetime.now(UTC)  # noqa: TID251 - as said


def today() -> date:
    """Give the day of today, UTC."""
    return now().date()


def order(
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="COUNTRY", help="Where the goods are sent from; the seller's state."),
    ] = None,
    from_postcode: Annotated[str | None, typer.Option(help="Postcode there.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="COUNTRY", help="Where they go.")] = None,
    postcode: Annotated[
        str | None, typer.Option(help="Postcode there: islands and enclaves are found by it.")
    ] = None,
    city: Annotated[str | None, typer.Option(help="Town there, for postcodes that towns share.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Territory there that no postcode tells, such as CY-N.")
    ] = None,
    kind: Annotated[SupplyKind, typer.Option(help="What is supplied.")] = SupplyKind.GOODS,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Day of supply; today.", show_default=False),
    ] = None,
    pickup: Annotated[
        bool, typer.Option("--pickup", help="The goods are handed over where they lie.")
    ] = False,
    category: Annotated[str, typer.Option(help="Category of the rate.", hidden=True)] = "standard",
    business: Annotated[bool, typer.Option("--business/--consumer", help="Who buys.")] = False,
    number: Annotated[str | None, typer.Option(help="The customer's VAT number, as typed.")] = None,
    status: Annotated[VatStatus, typer.Option(help="What the register says about it.")] = VatStatus.NOT_GIVEN,
    place: Annotated[
        str | None,
        typer.Option(metavar="COUNTRY", help="Where the customer is at home: for services and for advice."),
    ] = None,
    seller: Annotated[str, typer.Option(metavar="COUNTRY", help="Where the shop is established.")] = "AT",
    seller_number: Annotated[list[str] | None, typer.Option(help="The shop's VAT numbers.")] = None,
    oss: Annotated[bool, typer.Option("--oss", help="The shop uses the One Stop Shop.")] = False,
    below_threshold: Annotated[
        bool,
        typer.Option("--below-threshold", help="It sells less than EUR 10,000 a year to consumers abroad."),
    ] = False,
    registered_in: Annotated[
        list[str] | None, typer.Option(metavar="COUNTRY", help="Other states where it is registered.")
    ] = None,
    unverified_business: Annotated[
        Where, typer.Option(help="How a business without a confirmed number is taxed.")
    ] = Where.ORIGIN,
    at_enclave: Annotated[
        Rate, typer.Option(help="Whose rate goods from Austria to Jungholz and Mittelberg have.")
    ] = Rate.ORIGIN,
) -> Order:
    """Make the order that the options describe; what cannot be ends the command."""
    if to is None and kind is SupplyKind.GOODS and not pickup:
        raise ended(Exit.USAGE, "Goods need a destination: --to COUNTRY, or --pickup.")
    try:
        shop = seller_of(
            seller,
            numbers=seller_number or (),
            oss=oss,
            below_threshold=below_threshold,
            registered_in=frozenset(registered_in or ()),
            unverified_business=unverified_business.value,
            at_enclave=at_enclave.value,
        )
        supply = Supply(
            kind=kind,
            ships_from=Place(from_ or seller, from_postcode),
            ships_to=None if to is None else Place(to, postcode, city, region),
            on=today() if on is None else on.date(),
            pickup=pickup,
            rate_category=category,
        )
        _check_pickup(supply)
        read, problem = read_number(number, place or to)
        home = None if place is None else Place(place)
        reason = None if problem is None else problem.reason
        buyer = Buyer(is_business=business, number=read, status=status, place=home, problem=reason)
    except ValueError as error:
        raise ended(Exit.USAGE, str(error)) from None
    return Order(supply, buyer, shop, problem)


def _check_pickup(supply: Supply) -> None:
    """Refuse goods that are handed over in one place and sent to another.

    Raises:
        ValueError: they are.
    """
    start, end = supply.ships_from, supply.ships_to
    if not supply.pickup or supply.kind is not SupplyKind.GOODS or start is None or end is None:
        return
    if start.territory != end.territory:
        raise ValueError(
            f"--pickup says that the goods are handed over in {start.territory.id}, --to that they are sent to "
            f"{end.territory.id}: leave one of them out. --place says where the customer is at home."
        )


def seller_of(country: str, *, numbers: Iterable[str] = (), **others: Any) -> Seller:
    """Give a seller; of its numbers, the one of its own state is its number.

    Raises:
        ValueError: a country or a number that cannot be.
    """
    known = Seller(country, **others)
    read = [own_number("--seller-number", one, country) for one in numbers]
    own = next((one for one in read if one.iso_country == known.country), None)
    return attrs.evolve(known, number=own, other_numbers=[one for one in read if one is not own])


def about_an_order(command: Callable[Concatenate[Options, P], None]) -> Callable[..., None]:
    """Give a command all options of `order` and the language; it gets them in one."""
    of_order = inspect.signature(order).parameters
    own = list(inspect.signature(command).parameters.values())[1:]
    lang = inspect.Parameter(
        "lang", inspect.Parameter.KEYWORD_ONLY, default=Language.ENGLISH, annotation=Lang
    )

    def run(context: typer.Context, **given: Any) -> None:
        typed = tuple(
            one.opts[0]
            for one in context.command.params
            if one.name in of_order and is_typed(context, one.name)
        )
        options = Options(given["lang"].value, typed, {name: given[name] for name in of_order})
        command(options, **{one.name: given[one.name] for one in own})  # type: ignore[call-arg]  # as typer read them

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    everything = [*own, *of_order.values(), lang, context]
    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    run.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]  # what typer looks at
    run.__annotations__ = {one.name: one.annotation for one in everything}
    return run


def is_typed(context: typer.Context, name: str) -> bool:
    """Whether an option was typed, and is no default and not of the environment."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
