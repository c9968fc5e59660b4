"""What a fault is, and how one is put into a running interpreter."""

import sys
from collections.abc import Callable
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
        tests: what to run; at least one of it must fail.
    """

    id: str
    breaks: str
    put_in: Callable[[], None]
    tests: tuple[str, ...]


def refusing(*commands: type[Any]) -> Callable[[], None]:
    """Replace the decisions of commands by a refusal."""

    def put_in() -> None:
        for command in commands:
            command.decide = lambda *_: refuse(Reason.NOT_ALLOWED)

    return put_in


def replacing(original: Any, replacement: Any) -> Callable[[], None]:
    """Replace a function wherever it was imported to."""

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
