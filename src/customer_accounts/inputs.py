"""The kinds of fields that commands are made of: bounded, one line, silent about what was typed."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from customer_accounts.account import Company, PostalAddress
from customer_accounts.arguments import NO_LINE
from customer_accounts.vat import VatNumber, VatNumberError, VatStatus
from customer_accounts.wording import known_locale

#: No command has more fields; each unknown one would be another error in the answer.
_MOST_FIELDS = 100


def crowded(data: object) -> PydanticCustomError | None:
    """Say at once what is wrong with absurdly many fields, which would be told one by one otherwise."""
    # A dict, as nearly all are, is told at once; whether something else is a mapping takes a search.
    if isinstance(data, (dict, Mapping)) and len(data) > _MOST_FIELDS:
        return PydanticCustomError("too_many_fields", "must not have so many fields")
    return None


def _single_line(text: str) -> str:
    if NO_LINE.search(text):
        raise PydanticCustomError("control_character", "must not hold control characters")
    return text


def _secret_line(secret: SecretStr) -> SecretStr:
    _single_line(secret.get_secret_value())
    return secret


def _locale(text: str) -> str:
    known = known_locale(text)
    if known is None:
        raise PydanticCustomError("locale_unknown", "must be a language this library speaks: fr, de or en")
    return known


def _not_absurd(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2199:
        raise PydanticCustomError("time_absurd", "must be a time of this century or the next")
    return moment


_RELATIVE = re.compile(r"(?:/(?![/\\])[\x21-\x5b\x5d-\x7e]*)?\Z")


def _relative(path: str) -> str:
    if not _RELATIVE.match(path):
        raise PydanticCustomError("not_a_path", "must be a path of this shop, such as /checkout")
    return path


def _a_name(value: object) -> object:
    # Looking for anything else among the members of an enum writes it out first, however large or deep it is.
    if not isinstance(value, str):
        raise PydanticCustomError("name_unknown", "must be one of the known names")
    return value


#: Before a field that is a member of an enum.
NAMED = BeforeValidator(_a_name)
#: One line of text as typed, at most 200 characters.
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_single_line)]
#: A name or reference that must not be empty.
Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(_single_line)
]
#: An e-mail address as typed; whether it can be read is for the rules to say, not for the validation.
TypedEmail = Annotated[str, StringConstraints(max_length=1000)]
#: The text of a link or a code as it came; in no repr (LG-01).
TypedToken = Annotated[str, StringConstraints(max_length=200), Field(repr=False)]
#: The same where it may be left out.
OptionalToken = Annotated[Annotated[str, StringConstraints(max_length=200)] | None, Field(repr=False)]
#: What only the host can check; in no repr (LG-01).
TypedFact = Annotated[SecretStr, Field(min_length=1, max_length=200), AfterValidator(_secret_line)]
#: A language that mails and texts exist in.
Locale = Annotated[str, StringConstraints(max_length=35), AfterValidator(_locale)]
#: A point in time with its zone.
Moment = Annotated[AwareDatetime, AfterValidator(_not_absurd)]
#: Where to go on afterwards: a path of the same shop, never another host (OWASP Unvalidated Redirects).
RelativePath = Annotated[str, StringConstraints(max_length=500), AfterValidator(_relative)]
#: How many of one product.
Quantity = Annotated[int, Field(ge=1, le=9999, strict=True)]


class Input(BaseModel):
    """Base of the parts of a command."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:
        problem = crowded(data)
        if problem is not None:
            raise problem
        return data


class CompanyInput(Input):
    """A company as it is typed: its name and, if it has one, its VAT number."""

    name: Reference
    vat_number: Line = ""
    country: Annotated[str, StringConstraints(max_length=2)] = ""

    def company(self) -> Company:
        """Read it; a number that cannot be read is kept as typed with the reason, it never refuses (F21, F25)."""
        typed = self.vat_number.strip()
        if not typed:
            return Company(name=self.name)
        try:
            number = VatNumber.parse(typed, country=self.country or None)
        except VatNumberError as error:
            # A wrong check digit may be the register's to judge: VIES knows numbers that the algorithm refuses.
            compact = error.number.compact if error.number is not None else None
            status = VatStatus.INVALID if compact is None else VatStatus.PENDING
            return Company(
                name=self.name,
                vat_as_typed=typed,
                vat_number=compact,
                vat_status=status,
                vat_problem=str(error.reason),
            )
        return Company(
            name=self.name, vat_as_typed=typed, vat_number=number.compact, vat_status=VatStatus.PENDING
        )


class AddressInput(Input):
    """A postal address as it is typed; whether the country wants it so is for the rules to say."""

    name: Line
    street: Line
    city: Line
    country: Annotated[str, StringConstraints(max_length=10), AfterValidator(_single_line)]
    postcode: Line = ""
    extra: Line = ""
    region: Line = ""
    phone: Line = ""

    def postal_address(self) -> PostalAddress:
        """Give it as a value; the country's code in capitals, all else as typed."""
        fields = self.model_dump()
        return PostalAddress(**{**fields, "country": self.country.strip().upper()})


class NewsletterInput(Input):
    """The wish for the newsletter, with the name of the wording that was shown (GDPR Art. 7(1))."""

    text_version: Reference
