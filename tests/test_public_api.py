"""What hosts import, compared with what the modules hold: nothing forgotten or stale, everything typed."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from pydantic import BaseModel

import customer_accounts
from customer_accounts import accounts, features
from customer_accounts.command import Command, Decision, Refusal
from tests.tools import write_exports

#: What is exported although no command leads to it: runners, actors, settings, errors, pure functions.
ESSENTIALS = frozenset(
    {
        "Accounts",
        "Actor",
        "Agent",
        "AsyncAccounts",
        "ClaimCause",
        "Claimant",
        "ConflictError",
        "Coverage",
        "CustomerAccountsError",
        "EmailAddress",
        "EmailAddressError",
        "Grade",
        "OrderAddresses",
        "Reason",
        "Refused",
        "RefusedError",
        "Seller",
        "Settings",
        "SettingsError",
        "SignedInCustomer",
        "StaleWriteError",
        "Storefront",
        "System",
        "VatStatus",
        "VerifiedIdentity",
        "Visitor",
        "benefits_of",
        "decide_order",
        "decide_vat",
        "order_mails",
        "plan_claim",
        "suggest_correction",
    }
)

#: The published modules: those that hosts import from, and the words that their own storage is written with.
PUBLISHED = (
    "customer_accounts",
    "customer_accounts.account",
    "customer_accounts.accounts",
    "customer_accounts.actors",
    "customer_accounts.adapters.breached",
    "customer_accounts.adapters.first_clear",
    "customer_accounts.adapters.legacy_hashes",
    "customer_accounts.adapters.memory",
    "customer_accounts.adapters.smtp",
    "customer_accounts.adapters.sql",
    "customer_accounts.adapters.sql.migrations",
    "customer_accounts.adapters.vies",
    "customer_accounts.adapters.vies_traffic",
    "customer_accounts.belongings",
    "customer_accounts.changes",
    "customer_accounts.claim",
    "customer_accounts.command",
    "customer_accounts.email_address",
    "customer_accounts.errors",
    "customer_accounts.evidence",
    "customer_accounts.facts",
    "customer_accounts.hashing",
    "customer_accounts.history",
    "customer_accounts.inputs",
    "customer_accounts.limiting",
    "customer_accounts.mail",
    "customer_accounts.order",
    "customer_accounts.outbox",
    "customer_accounts.password_policy",
    "customer_accounts.ports",
    "customer_accounts.refusals",
    "customer_accounts.settings",
    "customer_accounts.testing",
    "customer_accounts.token",
    "customer_accounts.vat",
)

#: The only public signatures with `Any`, and why each has it.
ANY_ALLOWED = {
    "Accounts.within": "a connection of whatever database the storage speaks to; the storage says which",
    "AsyncAccounts.within": "as Accounts.within",
    "Command.limits": "each command narrows it to the actors that it accepts",
    "Command.model_validate_json": "the options of pydantic, whatever its version has, handed on",
    "Mailbox.__init__": "handed on to aiosmtpd, which publishes no types",
    "cheap_settings": "any field of Settings; attrs.evolve checks the names",
}


@cache
def _feature_modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(one.name) for one in walk_packages(features.__path__, f"{features.__name__}."))


def _commands() -> set[type[Command]]:
    """Find every concrete command among the subclasses, wherever a feature defines it."""
    assert _feature_modules()
    found: set[type[Command]] = set()
    left: list[type[Command]] = [Command]
    while left:
        for one in left.pop().__subclasses__():
            left.append(one)
            if one.__module__.startswith(features.__name__) and hasattr(one, "decide"):
                found.add(one)
    return found


def _answers(command: type[Command]) -> tuple[Any, ...]:
    """Give what a command's decision may be: one annotation, or the members of a union."""
    returned = get_type_hints(inspect.getattr_static(command, "decide"))["return"]
    return get_args(returned) if get_origin(returned) in (Union, UnionType) else (returned,)


def _result_of(command: type[Command]) -> Any:
    return [get_args(one) for one in _answers(command) if get_origin(one) is Decision]


def _reached(annotation: Any, seen: set[type]) -> set[type]:
    """Give our own classes that an annotation names, and those that their fields name."""
    if not inspect.isclass(annotation) or get_args(annotation):
        parts = annotation if isinstance(annotation, list | tuple) else get_args(annotation)
        for part in parts:
            _reached(part, seen)
        return seen
    is_value = attrs.has(annotation) or issubclass(annotation, BaseModel | Enum)
    if annotation in seen or not is_value or not annotation.__module__.startswith("customer_accounts"):
        return seen
    seen.add(annotation)
    if issubclass(annotation, BaseModel):
        _reached([one.annotation for one in annotation.model_fields.values()], seen)
    elif attrs.has(annotation):
        hints = get_type_hints(annotation)
        _reached([hints[one.name] for one in attrs.fields(annotation) if not one.name.startswith("_")], seen)
    return seen


def _wanted() -> set[type]:
    """Give the commands, what they take, what they answer, and all values inside."""
    found: set[type] = set()
    for command in _commands():
        _reached(command, found)
        _reached(_result_of(command), found)
    return found


def _public_names(module: ModuleType) -> list[str]:
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return listed
    own = [name for name, one in vars(module).items() if getattr(one, "__module__", None) == module.__name__]
    return [name for name in own if not name.startswith("_")]


def _published() -> dict[str, Any]:
    """Give everything published by its name, classes and functions only."""
    found: dict[str, Any] = {}
    for name in PUBLISHED:
        module = import_module(name)
        for public in _public_names(module):
            thing = getattr(module, public)
            if inspect.isfunction(thing) or (inspect.isclass(thing) and not get_args(thing)):
                found[public] = thing
    return found


def _callables(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Give a function, or the public methods that a class defines; attrs makes its own ``__init__``."""
    if inspect.isfunction(thing):
        yield name, thing
        return
    for key, raw in vars(thing).items():
        made = key == "__init__" and attrs.has(thing)
        if made or (key.startswith("_") and key not in ("__init__", "__call__", "__enter__")):
            continue
        method = raw.fget if isinstance(raw, property) else getattr(raw, "__func__", raw)
        if inspect.isfunction(method) and method.__module__.startswith("customer_accounts"):
            yield f"{name}.{key}", method


def _hints(thing: Any) -> dict[str, Any]:
    return get_type_hints(thing, localns=_imported_for_annotations())


@cache
def _imported_for_annotations() -> dict[str, Any]:
    """Give what modules import under ``if TYPE_CHECKING``, and what stands beside it in quoted annotations."""
    found: dict[str, Any] = {}
    for module in [one for name, one in sys.modules.items() if name.startswith("customer_accounts.")]:
        body = ast.parse(inspect.getsource(module)).body
        blocks = [
            one.body for one in body if isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test)
        ]
        for block in blocks:
            found |= {name: one for name, one in vars(module).items() if name[0].isupper()}
            exec(compile(ast.Module(block, []), module.__name__, "exec"), found)
    return found


def _fields(thing: Any) -> dict[str, Any]:
    """Give the annotations of a class's own public fields."""
    own = vars(thing).get("__annotations__", {})
    hints = _hints(thing) if own else {}
    return {name: hints[name] for name in own if not name.startswith("_")}


def _has_any(annotation: Any) -> bool:
    if annotation is Any:
        return True
    if isinstance(annotation, TypeVar):
        return False
    parts = annotation if isinstance(annotation, list | tuple) else get_args(annotation)
    return any(_has_any(part) for part in parts)


def _with_any() -> set[str]:
    found: set[str] = set()
    for name, thing in _published().items():
        if inspect.isclass(thing):
            found |= {f"{name}.{field}" for field, one in _fields(thing).items() if _has_any(one)}
        for called, function in _callables(name, thing):
            if any(_has_any(one) for one in _hints(function).values()):
                found.add(called)
    return found


def _begins_with_a_sentence(text: str) -> bool:
    first = inspect.cleandoc(text).split("\n\n")[0]
    return bool(re.match(r"[A-Z`\"*]", first)) and first.rstrip("`)").endswith((".", ":", "?"))


def test_every_command_is_exported() -> None:
    """Design: every command is exported, with what it takes, what it answers, and all values inside."""
    assert _commands()
    names = {one.__name__ for one in _wanted()}
    assert sorted(names - set(customer_accounts.__all__)) == []


def test_nothing_stale_is_exported() -> None:
    """Each exported name belongs to a command, or is one of the essentials."""
    names = {one.__name__ for one in _wanted()}
    assert sorted(set(customer_accounts.__all__) - names - ESSENTIALS) == []
    assert sorted(ESSENTIALS - set(customer_accounts.__all__)) == []


def test_an_exported_name_is_the_thing_itself() -> None:
    """What is exported under a command's name is that command, also where two modules use one name."""
    assert {one for one in _wanted() if getattr(customer_accounts, one.__name__, None) is not one} == set()


@pytest.mark.parametrize("name", PUBLISHED)
def test_exports_are_sorted_and_there(name: str) -> None:
    """Style 6: ``__all__`` is sorted (constants, classes, functions), without repeats, and every name exists."""
    module = import_module(name)
    listed = getattr(module, "__all__", [])
    assert listed == sorted(set(listed), key=lambda one: (not one.isupper(), one[0].islower(), one))
    assert [one for one in listed if not hasattr(module, one)] == []


def test_the_top_only_exports() -> None:
    """Style 6: the package's first module holds imports and lists, no code of its own but the loading of names."""
    assert [getattr(customer_accounts, name) for name in customer_accounts.__all__]
    helpers = {"import_module", "TYPE_CHECKING", "Any"}
    there = vars(customer_accounts).items()
    public = {name for name, one in there if not name.startswith("_") and not inspect.ismodule(one)}
    assert public == set(customer_accounts.__all__) | helpers


def test_the_lists_of_exports_are_written_from_the_imports() -> None:
    """What type checkers see is what can be imported: ``make exports`` finds nothing to write."""
    source = write_exports.TARGET.read_text("utf-8")
    assert write_exports.written(source) == source
    first, *_ = customer_accounts.__all__
    assert write_exports.written(source.replace(f"        {first},\n", "")) != source


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """A misspelt import fails as from any module, and names the package."""
    with pytest.raises(AttributeError, match="has no attribute 'Registre'"):
        _ = customer_accounts.Registre  # type: ignore[attr-defined]  # a misspelling, on purpose
    with pytest.raises(AttributeError, match=r"'customer_accounts\.accounts' has no attribute 'Acounts'"):
        _ = accounts.Acounts  # type: ignore[attr-defined]  # as above
    with pytest.raises(ImportError, match="Registre"):
        from customer_accounts import Registre  # type: ignore[attr-defined]  # noqa: F401 - as above


def test_names_are_listed_before_they_are_loaded() -> None:
    """A shell completes every exported name."""
    assert set(customer_accounts.__all__) <= set(dir(customer_accounts))


def test_every_command_says_who_may_give_it() -> None:
    """Design: each command lists its actors and answers with a decision or a refusal."""
    for command in _commands():
        assert command.actors, command
        kinds = {get_origin(one) or one for one in _answers(command)}
        assert kinds <= {Decision, Refusal}, command


def test_public_signatures_have_no_any() -> None:
    """No parameter, field or answer is `Any`, but for those listed with their reason."""
    assert sorted(_with_any() - set(ANY_ALLOWED)) == []


def test_the_list_of_exceptions_is_not_stale() -> None:
    """An exception that is needed no longer is taken off the list."""
    assert sorted(set(ANY_ALLOWED) - _with_any()) == []


def test_public_signatures_are_annotated() -> None:
    """Every parameter but self has an annotation, and so has every answer."""
    bare: list[str] = []
    for name, thing in _published().items():
        for called, function in _callables(name, thing):
            signature = inspect.signature(function)
            told = set(_hints(function))
            names = [one for one in signature.parameters if one not in ("self", "cls")]
            bare += [f"{called}({one})" for one in names if one not in told and not one.startswith("_")]
            bare += [called] if "return" not in told else []
    assert bare == []


def test_public_docstrings_begin_with_a_sentence() -> None:
    """Style 22: everything published says in its first sentence what it is or gives."""
    wordless: list[str] = []
    for name, thing in _published().items():
        described = [(name, thing), *_callables(name, thing)]
        wordless += [
            called
            for called, one in described
            if called.rpartition(".")[2] != "__init__" and not _begins_with_a_sentence(one.__doc__ or "")
        ]
    assert wordless == []
