"""What a command is, and the little that all commands share.

A command says what somebody asks; who asks is the actor's business.  It is a frozen pydantic model, so that a web
framework can use it as a request body.  It answers four questions, all without I/O:

* ``actors`` — which kinds of actor may give it; anybody else is refused before the storage is touched;
* ``limits(actor, settings)`` — what is counted before anything is read;
* ``scope(actor, env)`` — what must be known, and where that only says about whom, ``further_scope(facts, env)``;
* ``decide(facts, env, actor)`` — what follows: a `Decision` or a `Refusal`.

A validation error names the field and never the input (LG-01): FastAPI puts `errors()` into its answer, and a
misspelt field must not send a password back.  It is short, too: a small body cannot cause a long answer.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, NoReturn, Protocol, Self, TypeVar
from uuid import UUID

from attrs import field, frozen
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from customer_accounts.actors import Actor
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope
from customer_accounts.inputs import crowded
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventRecord, one_line
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings

R_co = TypeVar("R_co", covariant=True)
A_contra = TypeVar("A_contra", bound=Actor, contravariant=True)

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}\Z")


class Hasher(Protocol):
    """What a decision sees of the password hasher: answers are remembered, a repeat costs nothing (EN-03)."""

    def hash(self, password: str, /) -> str:
        """See `customer_accounts.ports.PasswordHasher.hash`."""
        ...

    def verify(self, password: str, stored: str | None, /) -> "Verified":
        """See `customer_accounts.ports.PasswordHasher.verify`."""
        ...


class Verified(Protocol):
    """The answer of a password check."""

    @property
    def ok(self) -> bool:
        """Whether the password is right."""
        ...

    @property
    def needs_rehash(self) -> bool:
        """Whether what is stored was made with other parameters than today's."""
        ...

    @property
    def recognised(self) -> bool:
        """Whether what is stored is a hash at all."""
        ...


@frozen
class Env:
    """What a decision may use besides the facts; fixed for one call of a command.

    Args:
        now: the time of the call, UTC.
        random: gives so many random bytes.
        new_id: gives a new id.
        generated: gives the generated password of this call, the same one when it is decided again.
    """

    now: datetime
    settings: Settings
    hasher: Hasher = field(repr=False)
    random: Callable[[int], bytes] = field(repr=False)
    new_id: Callable[[], UUID] = field(repr=False)
    generated: Callable[[], str] = field(repr=False)


@frozen
class Decision(Generic[R_co]):
    """What follows from the facts: a result, and what must be written for it.

    Args:
        result: what the caller gets; nothing secret in its repr.
        changes: written together or not at all; empty for a query.
        afterwards: written on its own after *changes*; its failure never fails the command (HS-04).
        announce: events for the host's callback that no transaction needs to hold.
        counted: makes the result anew from the counts of the write, where the result tells them.
        otherwise: decides on newer facts in the place of a refusal, where this decision was overtaken: for what has
            happened already and must be recorded, whatever ended meanwhile.
    """

    result: R_co
    changes: Sequence[Change] = ()
    afterwards: Sequence[Change] = ()
    announce: Sequence[EventRecord] = ()
    counted: Callable[[Counts], R_co] | None = None
    otherwise: "Callable[[Facts], Decision[R_co] | Refusal] | None" = None


@frozen
class Refusal:
    """A refusal, with what must be written or announced all the same, such as a failed try."""

    refused: Refused
    changes: Sequence[Change] = ()
    announce: Sequence[EventRecord] = ()


def refuse(
    reason: Reason, /, *, suggestion: str | None = None, about: str | None = None, detail: str | None = None
) -> Refusal:
    """Give a refusal that writes nothing."""
    return Refusal(Refused(reason, suggestion=suggestion, field=about, detail=detail))


def _without_input(error: ValidationError) -> list[InitErrorDetails]:
    """Rebuild errors so that they name the field and the rule, and hold no input."""
    details: list[InitErrorDetails] = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        where = tuple(
            part if isinstance(part, int) or _FIELD_NAME.match(part) else "?" for part in one["loc"]
        )
        message = one["msg"].replace("{", "(").replace("}", ")")
        details.append(
            InitErrorDetails(
                type=PydanticCustomError(_plain(one["type"]), _plain(message)), loc=where, input=None
            )
        )
    return details


def _plain(text: str) -> Any:  # pydantic wants a literal string where only computed ones exist here
    return text


class Command(BaseModel):
    """Base of all commands: frozen, no unknown fields, silent about its input, cheap to import."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    #: Which kinds of actor may give the command.
    actors: ClassVar[tuple[type[Actor], ...]]
    #: Whether deciding may hash a password; an async host then decides in a thread.
    hashes: ClassVar[bool] = False

    @model_validator(mode="wrap")
    @classmethod
    def _hide_input(cls, data: Any, handler: ModelWrapValidatorHandler["Command"]) -> "Command":
        problem = crowded(data)
        details: list[InitErrorDetails] = []
        if problem is None:
            try:
                made = handler(data)
            except ValidationError as error:
                details = _without_input(error)
            else:
                problem = made.contradiction()
                if problem is None:
                    return made
        if problem is not None:
            details = [InitErrorDetails(type=problem, input=None)]
        raise ValidationError.from_exception_data(cls.__name__, details, hide_input=True)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Read a command from JSON; a text that is none at all is not echoed either (LG-01)."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            details = _without_input(error)
        raise ValidationError.from_exception_data(cls.__name__, details, hide_input=True)

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        """Refuse to be pickled: a command may hold a password (LG-01)."""
        raise TypeError(f"{type(self).__name__} cannot be pickled: it may hold secrets")

    def contradiction(self) -> PydanticCustomError | None:
        """Say which fields exclude each other.

        A validator of a subclass would run outside `_hide_input`, and pydantic would put the input into its error.
        """
        return None

    def limits(self, actor: Any, settings: Settings, /) -> tuple[Hit, ...]:  # each command narrows the actor
        """Give what is counted before anything is read."""
        return ()

    def further_scope(self, facts: Facts, env: Env, /) -> Scope | None:
        """Give what must be known besides, once *facts* say about whom; None where one reading is enough.

        It is read once, and its parts stand in the facts that are decided on in place of those of the first reading.
        """
        return None

    def password_to_set(self) -> str | None:
        """Give the password that the command would set, for the optional breach check."""
        return None

    def fact_to_check(self) -> tuple[str, str] | None:
        """Give the number of an order and the fact about it that the host is to check."""
        return None


class Asks(Protocol[R_co, A_contra]):
    """The shape of a command: a result type, and the actors it accepts, checked by the type checker."""

    def limits(self, actor: A_contra, settings: Settings, /) -> tuple[Hit, ...]:
        """Give what is counted before anything is read."""
        ...

    def scope(self, actor: A_contra, env: Env, /) -> Scope:
        """Give what must be known."""
        ...

    def further_scope(self, facts: Facts, env: Env, /) -> Scope | None:
        """Give what must be known besides, once *facts* say about whom."""
        ...

    def decide(self, facts: Facts, env: Env, actor: A_contra, /) -> "Decision[R_co] | Refusal":
        """Give what follows."""
        ...

    def password_to_set(self) -> str | None:
        """Give the password that the command would set, for the optional breach check."""
        ...

    def fact_to_check(self) -> tuple[str, str] | None:
        """Give the number of an order and the fact about it that the host is to check."""
        ...


def name_of(actor: Actor) -> str:
    """Give an actor as the audit trail names it."""
    kind = type(actor).__name__.lower()
    own = getattr(actor, "account_id", None) or getattr(actor, "id", None) or getattr(actor, "name", None)
    return f"{kind}:{one_line(str(own))}" if own else kind


def is_fresh(authenticated_at: datetime | None, env: Env) -> bool:
    """Whether somebody has just proven who they are (ASVS 7.5.1)."""
    if authenticated_at is None:
        return False
    age = env.now - authenticated_at
    return timedelta(0) <= age <= env.settings.session_fresh_for
