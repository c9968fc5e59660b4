"""Autodoc for pydantic commands and attrs values: fields as they are written in the source, no machinery.

Pydantic shows a field's validators in the signature; a reader wants ``email: TypedEmail``.  The annotations are taken
from the source, the signature of a command is left out, and the four answers that each command gives to the runner
(`scope`, `decide` and so on) are documented once, in `customer_accounts.command`.
"""

import ast
import inspect
import textwrap
from enum import Enum
from typing import Any

from pydantic import BaseModel
from sphinx.application import Sphinx

from customer_accounts.command import Command

MACHINERY = frozenset({"model_config", "model_post_init", "actors", "hashes"})


def fields_of(model: type[BaseModel]) -> list[str]:
    """Give the fields of a model, one line each, as its source writes them."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = tree.body[0]
    assert isinstance(body, ast.ClassDef)  # the source of a class is one class
    lines = []
    for one in body.body:
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name):
            continue
        kind = ast.unparse(one.annotation)
        if kind.startswith("ClassVar"):
            continue
        default = "required" if one.value is None else f"default ``{_default(one.value)}``"
        lines.append(f"* ``{one.target.id}``: ``{_plain(kind)}``, {default}")
    return lines


def _plain(kind: str) -> str:
    return "bounded text" if kind.startswith("Annotated") else kind


def _default(value: ast.expr) -> str:
    text = ast.unparse(value)
    return "a new id" if "uuid4" in text else text


def without_signature(
    _: Sphinx, what: str, _name: str, obj: Any, _options: Any, _sig: str, _ret: str
) -> tuple[str, None] | None:
    """Leave out the signature of models and enumerations; fields and values are listed below."""
    plain = what == "class" and isinstance(obj, type) and issubclass(obj, BaseModel | Enum)
    return ("", None) if plain else None


def with_fields(_: Sphinx, what: str, _name: str, obj: Any, _options: Any, lines: list[str]) -> None:
    """List the fields of models and the values of enumerations."""
    if what != "class" or not isinstance(obj, type):
        return
    if issubclass(obj, Enum):
        lines += ["", f"Values: {', '.join(f'``{one.value}``' for one in obj)}.", ""]
    if not issubclass(obj, BaseModel):
        return
    listed = fields_of(obj)
    if listed:
        lines += ["", "Fields:", "", *listed, ""]
    elif issubclass(obj, Command) and obj is not Command:
        lines += ["", "It has no fields.", ""]


def skipped(_: Sphinx, _what: str, name: str, obj: Any, skip: bool, _options: Any) -> bool | None:
    """Leave out what every command answers to the runner, and pydantic's own names."""
    if name in MACHINERY:
        return True
    doc = inspect.getdoc(obj) or ""
    if doc.startswith("See `Command."):
        return True
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to autodoc."""
    app.connect("autodoc-process-signature", without_signature)
    app.connect("autodoc-process-docstring", with_fields)
    app.connect("autodoc-skip-member", skipped)
    return {"parallel_read_safe": True}
