"""What the code says about each command: actors, parts read, limits, refusals, events, mails.

The pages of the features state these facts literally, between two comments, so that they can be read and reviewed as
text.  `tests/test_docs.py` compares them with what is found here; `fact_pages` writes them.

How they are found: each top-level name of a feature module is a node of a graph; it leads to the names of the
features that it uses, its own and imported ones.  A command has the facts of all nodes it reaches.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from attrs import frozen

from customer_accounts.actors import SignedInCustomer
from customer_accounts.command import Command
from customer_accounts.facts import Part
from customer_accounts.features.order_notices import ORDER_MAILS, OrderEvent
from customer_accounts.limiting import Limit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason

DOCS = Path(__file__).parent.parent
FEATURES = "customer_accounts.features"
#: Tables of all cases: whoever uses one uses the rows that they name, not all of them.
TABLES = frozenset({(f"{FEATURES}.order_notices", "ORDER_MAILS")})
#: What the syntax shows and the rules exclude, each with its reason.
NEVER = {
    # Every look at the page of an order is the first one.
    ("ViewGuestOrder", "already_done"),
}
#: What the rules include and the syntax does not show, each with its reason.
ALSO = {
    # The event is made from the status that the command carries.
    ("RecordOrderStatus", MailPurpose.ORDER_STATUS.value),
}
VOCABULARY = {
    "OrderEvent": OrderEvent,
    "Reason": Reason,
    "EventKind": EventKind,
    "MailPurpose": MailPurpose,
    "Part": Part,
    "Limit": Limit,
}
#: What the runner itself may answer, told once for all commands.
EVERYWHERE = (
    Reason.NOT_ALLOWED, Reason.UNKNOWN_STOREFRONT, Reason.TOO_MANY_ATTEMPTS, Reason.SESSION_ENDED, Reason.BUSY,
)  # fmt: skip
WRITES = frozenset(
    [
        *("insert", "update", "Save", "Remove", "UseToken", "MoveOrders"),
        *("QueueMail", "BounceMail", "queue_mail", "mail_to_account", "RecordEvent", "record_event"),
    ]
)
NOTHING = "nothing"

Node = tuple[str, str]


@frozen
class Module:
    """The source of one feature module: its top-level nodes, and where imported names come from."""

    nodes: dict[str, list[ast.stmt]]
    imported: dict[str, Node]


@cache
def parsed(name: str) -> Module:
    """Read a module's source."""
    tree = ast.parse(Path(inspect.getfile(import_module(name))).read_text(encoding="utf-8"))
    nodes: dict[str, list[ast.stmt]] = {}
    imported: dict[str, Node] = {}
    for statement in tree.body:
        match statement:
            case ast.FunctionDef() | ast.ClassDef():
                nodes.setdefault(statement.name, []).append(statement)
            case ast.Assign(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        nodes.setdefault(target.id, []).append(statement)
            case ast.AnnAssign(target=ast.Name(id=target_name)):
                nodes.setdefault(target_name, []).append(statement)
            case ast.ImportFrom(module=str(source)) if source.startswith(FEATURES):
                imported |= {alias.asname or alias.name: (source, alias.name) for alias in statement.names}
    return Module(nodes, imported)


@cache
def reached(start: Node) -> frozenset[Node]:
    """Give the nodes that a node uses, itself included."""
    found: set[Node] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        module = parsed(node[0])
        for used in _names(module.nodes.get(node[1], [])):
            if used in module.nodes:
                waiting.append((node[0], used))
            elif used in module.imported:
                waiting.append(module.imported[used])
    return frozenset(found)


def _names(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        for one in ast.walk(statement):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                yield one.id


def words_used(nodes: frozenset[Node], kind: str) -> list[str]:
    """Give the members of one vocabulary that the nodes name, in its order."""
    used = {
        name
        for node in nodes
        if node not in TABLES
        for statement in parsed(node[0]).nodes.get(node[1], [])
        for name in _members(statement, kind)
    }
    return [member.value for member in VOCABULARY[kind] if member.name in used]


def _members(node: ast.AST, kind: str) -> Iterator[str]:
    """Give the members that stand in the code as answers; in a comparison they are questions."""
    if isinstance(node, ast.Compare):
        return
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == kind:
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _members(child, kind)


def _order_mails(nodes: frozenset[Node]) -> set[str]:
    """Give the mails that the table of order mails has for the events that the nodes name."""
    if not TABLES & nodes:
        return set()
    named = set(words_used(nodes, "OrderEvent"))
    return {mail.value for (_, event), mails in ORDER_MAILS.items() if event.value in named for mail in mails}


def writes(nodes: frozenset[Node]) -> bool:
    """Say whether anything of a node's reach writes."""
    return any(
        used in WRITES for module, name in nodes for used in _names(parsed(module).nodes.get(name, []))
    )


@frozen
class Facts:
    """What is known of one command."""

    command: str
    summary: str
    actors: tuple[str, ...]
    reads: tuple[str, ...]
    limits: tuple[str, ...]
    refusals: tuple[str, ...]
    events: tuple[str, ...]
    mails: tuple[str, ...]
    writes: bool


def feature_names() -> list[str]:
    """Give the names of all feature modules that hold a command."""
    folder = files("customer_accounts").joinpath("features")
    names = sorted(one.name[:-3] for one in folder.iterdir() if one.name.endswith(".py"))
    return [name for name in names if name != "__init__" and commands_of(name)]


def helper_names() -> list[str]:
    """Give the names of feature modules without a command: what several features share."""
    folder = files("customer_accounts").joinpath("features")
    names = sorted(one.name[:-3] for one in folder.iterdir() if one.name.endswith(".py"))
    return [name for name in names if name != "__init__" and not commands_of(name)]


@cache
def commands_of(feature: str) -> tuple[type[Command], ...]:
    """Give the commands that a feature module defines, in their order."""
    module = import_module(f"{FEATURES}.{feature}")
    found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Command)]
    return tuple(
        one for one in found if one.__module__ == module.__name__ and not one.__name__.startswith("_")
    )


def facts_of(command: type[Command]) -> Facts:
    """Find the facts of one command."""
    nodes = reached((command.__module__, command.__name__))
    refusals = [one for one in words_used(nodes, "Reason") if (command.__name__, one) not in NEVER]
    also = {one for name, one in ALSO if name == command.__name__}
    mails = {*also, *words_used(nodes, "MailPurpose"), *_order_mails(nodes)}
    reads = set(words_used(nodes, "Part"))
    if SignedInCustomer in command.actors:
        reads.add(Part.ACCOUNTS.value)
    return Facts(
        command=command.__name__,
        summary=inspect.getdoc(command) or "",
        actors=tuple(one.__name__ for one in command.actors),
        reads=tuple(part.value for part in Part if part.value in reads),
        limits=tuple(words_used(nodes, "Limit")),
        refusals=tuple(refusals),
        events=tuple(words_used(nodes, "EventKind")),
        mails=tuple(one.value for one in MailPurpose if one.value in mails),
        writes=writes(nodes),
    )
