"""What a fault is, and how one is put into a running interpreter."""

import inspect
import sys
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

from attrs import frozen

from customer_accounts.command import refuse
from customer_accounts.refusals import Reason


@frozen
class Fault:
    """One rule broken on purpose.

    Args:
        id: the promise or requirement that it breaks.
        breaks: what is broken, in words.
        put_in: breaks it, in this interpreter.
        tests: which tests to run; at least one of them must fail.  Each entry is the beginning of their node ids,
            and after a blank further words that must be in them.
    """

    id: str
    breaks: str
    put_in: Callable[[], None]
    tests: tuple[str, ...]

    def wants(self, node_id: str) -> bool:
        """Whether a test is one of those that must notice."""
        return any(_matches(node_id, *entry.split()) for entry in self.tests)

    @property
    def files(self) -> set[str]:
        """The files that its tests are in."""
        return {entry.split()[0].partition("::")[0] for entry in self.tests}


def _matches(node_id: str, beginning: str, *words: str) -> bool:
    return node_id.startswith(beginning) and all(word in node_id for word in words)


def edited(function: Any, old: str, new: str) -> Callable[[], None]:
    """Change the source of a function, wherever it is used: *old*, which stands in it once, becomes *new*."""

    def put_in() -> None:
        target = _plain(function)
        source = textwrap.dedent(inspect.getsource(target))
        if source.count(old) != 1:
            raise LookupError(f"{old!r} stands {source.count(old)} times in {target.__qualname__}")
        source = source[source.index("def ") :] if source.startswith("@") else source
        made: dict[str, Any] = {}
        exec(compile(source.replace(old, new), target.__code__.co_filename, "exec"), target.__globals__, made)
        (changed,) = made.values()
        target.__code__ = changed.__code__

    return put_in


def _plain(function: Any) -> FunctionType:
    """Give the function behind a property, a class method or a decorator."""
    found = getattr(function, "fget", None) or getattr(function, "__func__", None) or function
    plain = inspect.unwrap(found)
    assert isinstance(plain, FunctionType)  # what has source code to change
    return plain


def refusing(*commands: type[Any]) -> Callable[[], None]:
    """Replace the decisions of commands by a refusal."""

    def put_in() -> None:
        for command in commands:
            command.decide = lambda *_: refuse(Reason.NOT_ALLOWED)

    return put_in


def replacing(original: Any, replacement: Any) -> Callable[[], None]:
    """Replace a value of a module wherever it was imported to."""

    def put_in() -> None:
        found = 0
        for name, module in list(sys.modules.items()):
            if name.startswith(("customer_accounts", "tests")) and module is not None:
                for attribute, value in list(vars(module).items()):
                    if value is original:
                        setattr(module, attribute, replacement)
                        found += 1
        if not found:
            raise LookupError(f"{original!r} is used nowhere")

    return put_in


def setting(owner: Any, name: str, value: Any) -> Callable[[], None]:
    """Replace an attribute of a class or module, which must exist."""

    def put_in() -> None:
        getattr(owner, name)
        setattr(owner, name, value)

    return put_in


def together(*puts: Callable[[], None]) -> Callable[[], None]:
    """Put in several faults as one."""

    def put_in() -> None:
        for put in puts:
            put()

    return put_in
