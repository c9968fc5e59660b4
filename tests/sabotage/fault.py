"""What a fault is, and how one is put into a running interpreter."""

import inspect
import re
import sys
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


def fault(requirement: str, breaks: str, put_in: Callable[[], None], *tests: str) -> Fault:
    """Make the fault of a requirement; *tests* begin below ``tests/``."""
    return Fault(requirement, breaks, put_in, tuple(f"tests/{one}" for one in tests))


def _matches(node_id: str, beginning: str, *words: str) -> bool:
    return node_id.startswith(beginning) and all(word in node_id for word in words)


@frozen
class Edited:
    """Changes the source of a function, wherever it is used.

    Args:
        target: the function.
        source: its source when this was made; its file may be another one by the time of a trial.
        old: what stands in it once.
        new: what is put in place of it.
    """

    target: Any
    source: str
    old: str
    new: str

    @property
    def fits(self) -> bool:
        """Whether the function still says what is to be changed."""
        return self.source.count(self.old) == 1

    def __call__(self) -> None:
        """Put the change in."""
        if not self.fits:
            raise LookupError(f"{self.old!r} stands not once in {self.target.__qualname__}")
        source = self.source
        if source[0] in " @":
            # Without decorators, and with its indentation below something that may be indented.
            source = re.sub(r"\A(\s*@.*\n)+", "", source)
            source = f"if True:\n{source}" if source[0] == " " else source
        code = compile(source.replace(self.old, self.new), self.target.__code__.co_filename, "exec")
        made: dict[str, Any] = {}
        exec(code, self.target.__globals__, made)
        (changed,) = made.values()
        self.target.__code__ = changed.__code__


def edited(function: Any, old: str, new: str) -> Edited:
    """Change the source of a function, wherever it is used: *old*, which stands in it once, becomes *new*."""
    target = _plain(function)
    return Edited(target, inspect.getsource(target), old, new)


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
            ours = name.startswith(("customer_accounts", "tests")) and not name.startswith("tests.sabotage")
            if ours and module is not None:
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


@frozen
class Together:
    """Puts in several faults as one."""

    puts: tuple[Callable[[], None], ...]

    def __call__(self) -> None:
        """Put them in."""
        for put in self.puts:
            put()


def together(*puts: Callable[[], None]) -> Together:
    """Put in several faults as one."""
    return Together(puts)


def edits_of(put_in: Callable[[], None]) -> list[Edited]:
    """Give the changes of source that a fault is made of."""
    puts = put_in.puts if isinstance(put_in, Together) else (put_in,)
    return [one for one in puts if isinstance(one, Edited)]
