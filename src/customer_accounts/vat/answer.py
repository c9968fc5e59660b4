"""What a register of VAT numbers answered, kept as evidence.

Rules: an answer is VALID, INVALID or UNVERIFIED, and anything that is not clearly one of the first two is the
third; it keeps what was asked, when and of whom, and the raw body with its hash, for the register has no
history to ask later; nothing in it is secret (names of sole traders are personal data, though, and retention
is the host's).

The meaning of VIES's codes is data: ``data/vies_codes.toml``.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

import attrs

from customer_accounts.arguments import check_kinds, member, must_be_line
from customer_accounts.vat.files import load, table, text
from customer_accounts.vat.status import VatStatus

#: Answer that could not be understood.
BAD_RESPONSE = "BAD_RESPONSE"
#: No answer came, or too late.
NO_RESPONSE = "NO_RESPONSE"
#: Not asked, for too many questions to that state are under way.
LOCAL_LIMIT = "LOCAL_LIMIT"
#: Not asked, for that state has failed several times in a row.
CIRCUIT_OPEN = "CIRCUIT_OPEN"
#: Not asked, for the register has asked everybody to wait.
LOCAL_PAUSE = "LOCAL_PAUSE"

_CODE = re.compile(r"[A-Z][A-Z0-9_-]{1,63}", re.ASCII)
_FINAL = (VatStatus.VALID, VatStatus.INVALID, VatStatus.UNVERIFIED)


class Retry(StrEnum):
    """What asking again is good for; `data/vies_codes.toml` says more."""

    NO = "no"
    ONCE = "once"
    BACKOFF = "backoff"
    PAUSE = "pause"
    ALARM = "alarm"
    WITHOUT_REQUESTER = "without_requester"
    NOT_ASKED = "not_asked"


@attrs.frozen
class CodeMeaning:
    """What a register's code means for us."""

    code: str
    status: VatStatus
    retry: Retry


def code_meaning(code: object) -> CodeMeaning:
    """Say what a code of VIES means; an unknown one is unverified and asked again.

    >>> code_meaning("MS_UNAVAILABLE").status.value, code_meaning("<html>").code
    ('unverified', 'BAD_RESPONSE')
    """
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return _meanings()[BAD_RESPONSE]
    return _meanings().get(code) or CodeMeaning(code, VatStatus.UNVERIFIED, Retry.BACKOFF)


@cache
def _codes() -> Mapping[str, Mapping[str, object]]:
    return {code: table(cell) for code, cell in load("vies_codes").items() if code != "version"}


def codes_version() -> str:
    """Give the version of the meanings, kept with the evidence of each answer."""
    return text(load("vies_codes")["version"])


@cache
def _meanings() -> Mapping[str, CodeMeaning]:
    return {
        code: CodeMeaning(code, VatStatus(text(row["status"])), Retry(text(row["retry"])))
        for code, row in _codes().items()
    }


@cache
def magic_numbers() -> Mapping[str, str]:
    """Give the numbers of VIES's test service and the code each stands for."""
    return {text(row["magic"]): code for code, row in _codes().items() if "magic" in row}


#: Before a body that is no text: what follows is its bytes in base64.
_NO_TEXT = "base64,"


def kept_body(body: bytes) -> str:
    """Give a body as text, from which `body_of` gives every byte back.

    UTF-8 stays readable; what is none, or holds a NUL that databases refuse, is written in base64.

    >>> kept_body(b"{}"), kept_body(bytes([255]))
    ('{}', 'base64,/w==')
    """
    try:
        read = body.decode("utf-8")
    except UnicodeDecodeError:
        read = "\0"
    if "\0" in read or read.startswith(_NO_TEXT):
        return _NO_TEXT + base64.b64encode(body).decode("ascii")
    return read


def body_of(kept: str) -> bytes:
    """Give the bytes of a body that `kept_body` wrote."""
    if kept.startswith(_NO_TEXT):
        with suppress(ValueError):  # a text of a host that only begins so
            return base64.b64decode(kept[len(_NO_TEXT) :], validate=True)
    return kept.encode("utf-8", "surrogatepass")


def _status(value: VatStatus | str) -> VatStatus:
    return member("status", VatStatus, value)


def _final(_: object, __: object, value: VatStatus) -> None:
    if value not in _FINAL:
        raise ValueError("the status of an answer is VALID, INVALID or UNVERIFIED")


def _utc(_: object, __: object, value: datetime) -> None:
    if not isinstance(value, datetime):
        raise TypeError("checked_at must be datetime")
    if value.utcoffset() != timedelta(0):
        raise ValueError("checked_at is an aware time in UTC")


@attrs.frozen
class VatAnswer:
    """One answer of a register about one number.

    Args:
        number: what was asked, in compact form.
        status: VALID, INVALID or UNVERIFIED.
        code: the register's code, or ours where it gave none.
        checked_at: time of the answer, UTC.
        endpoint: address that was asked.
        http_status: status of the HTTP answer, or None if none came.
        raw: body of the answer, as `kept_body` writes it.
        consultation_number: the register's proof that it was asked; only for requests with a requester.
        name: name of the business, or None where the state withholds it.
        address: its address, or None where the state withholds it.
        matches: for approximate requests, which field matched: ``("name", "VALID")``.
        requester: the number on whose behalf it was asked, or None.
        requester_refused: the register refused the shop's own number first (its settings are wrong).
    """

    number: str = attrs.field(validator=must_be_line(64))
    status: VatStatus = attrs.field(converter=_status, validator=_final)
    code: str = attrs.field(validator=must_be_line(64))
    checked_at: datetime = attrs.field(validator=_utc)
    endpoint: str = ""
    http_status: int | None = None
    raw: str = attrs.field(default="", repr=False)
    consultation_number: str | None = attrs.field(default=None, validator=must_be_line(200, or_none=True))
    name: str | None = attrs.field(default=None, repr=False)
    address: str | None = attrs.field(default=None, repr=False)
    matches: tuple[tuple[str, str], ...] = ()
    requester: str | None = None
    requester_refused: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse arguments of another kind."""
        check_kinds(self)

    @property
    def raw_sha256(self) -> str:
        """SHA-256 of the raw body, byte for byte, hexadecimal."""
        return hashlib.sha256(body_of(self.raw)).hexdigest()

    @property
    def retry(self) -> Retry:
        """What asking again is good for."""
        return code_meaning(self.code).retry
