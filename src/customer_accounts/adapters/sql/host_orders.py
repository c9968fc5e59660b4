"""`HostOrders`: the host's own table of orders in place of ours, so that no order is kept twice.

All statements are written for our table; `HostOrders.on_host` gives them for the host's, each made once.  Rules:

* Every field of an `OrderRecord` has a column in the host's table, under whatever name; whatever other columns there
  are stay the host's, and need a default or may be null, for an order is inserted without them.
* A text is compared in the order (collation) of the host's column, for only so its index serves, and PostgreSQL refuses
  to compare two columns that each have another one.
* Shipments and parcels stay in our tables, under the reference of their order.
* The host makes the table, its unique key and its indexes; ``create_schema`` looks whether it can hold orders (see
  `host_columns`).
"""

from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from attrs import field, frozen
from sqlalchemy import (
    CTE,
    BinaryExpression,
    BindParameter,
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    MetaData,
    ScalarSelect,
    String,
    Subquery,
    Table,
    bindparam,
    insert,
    select,
)
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse
from sqlalchemy.types import TypeEngine

from customer_accounts.adapters.sql.host_columns import faults_of
from customer_accounts.adapters.sql.schema import orders
from customer_accounts.errors import SettingsError

S = TypeVar("S", bound=ClauseElement)


@frozen(kw_only=True)
class HostOrders:
    """The host's table of orders, and the name of its column for each field of an order.

    Args:
        table: the name of the table.
        schema: the schema that it is in, if it is not the usual one.
        reference: the column of `customer_accounts.order.OrderRecord.reference`, unique; and so on for each field.

    Raises:
        SettingsError: two fields have one column.

    .. versionadded:: 0.1.0
    """

    table: str
    schema: str | None = None
    reference: str = "reference"
    number: str = "number"
    placed_at: str = "placed_at"
    status: str = "status"
    email: str = "email"
    email_key: str = "email_key"
    name: str = "name"
    postcode: str = "postcode"
    locale: str = "locale"
    storefront: str = "storefront"
    owner: str = "owner"
    claim_id: str = "claim_id"
    disputed: str = "disputed"
    email_corrected_at: str = "email_corrected_at"
    status_at: str = "status_at"
    version: str = "version"
    _host: Table = field(init=False, repr=False, eq=False)
    _made: WeakKeyDictionary[ClauseElement, Any] = field(
        init=False, factory=WeakKeyDictionary, repr=False, eq=False
    )

    def __attrs_post_init__(self) -> None:
        names = self.columns()
        if len(set(names.values())) != len(names):
            raise SettingsError("HostOrders: two fields of an order have the same column")
        columns = [
            Column(
                names[one.key],
                _plain(one.type),
                key=one.key,
                primary_key=one.primary_key,
                nullable=one.nullable,
            )
            for one in orders.columns
        ]
        object.__setattr__(self, "_host", Table(self.table, MetaData(), *columns, schema=self.schema))

    def columns(self) -> dict[str, str]:
        """Give the column of each field."""
        return {one.key: getattr(self, one.key) for one in orders.columns}

    def check(self, connection: Connection) -> None:
        """Look whether the table is there and can hold orders; once at the start, where `create_schema` is not used.

        Raises:
            SettingsError: it cannot; the text names what is missing or wrong.
        """
        try:
            faults = list(faults_of(self._host, connection))
        except NoSuchTableError:
            raise SettingsError(f"HostOrders: there is no table {self._host.fullname}") from None
        if faults:
            raise SettingsError(f"HostOrders: {self._host.fullname} {'; it '.join(faults)}")

    def on_host(self, statement: S) -> S:
        """Give a statement with the host's table in place of ours; the same object each time."""
        if statement not in self._made:
            self._made[statement] = _Translation(self._host).of(statement)
        made: S = self._made[statement]
        return made


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Give text without an order of its own: an index of the host serves only the order that it was made with."""
    return String() if isinstance(kind, String) else kind


class _Translation:
    """One statement's translation; what it selects from below is made anew once, and named alike."""

    def __init__(self, host: Table) -> None:
        self._host = host
        self._below: dict[FromClause, FromClause] = {}

    def of(self, statement: Any) -> Any:
        if isinstance(statement, Insert):
            # Not traversed: SQLAlchemy leaves the copy of an insert with a list of values that later ones are added to.
            return insert(self._host).inline() if statement.table is orders else statement
        return replacement_traverse(statement, {}, self._replace)

    def _replace(self, element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        if element is orders:
            return self._host
        if isinstance(element, BinaryExpression) and isinstance(element.right, ScalarSelect):
            return self._among(element.left, element.right) if isinstance(element.left.type, String) else None
        if isinstance(element, BindParameter) and element.required and isinstance(element.type, String):
            return bindparam(element.key, type_=String())
        if isinstance(element, CTE | Subquery):
            return self._from(element)
        if not isinstance(element, ColumnClause):
            return None
        if element.table is orders:
            return self._host.c[element.key]
        if isinstance(element.table, CTE | Subquery):
            return self._from(element.table).c[element.key]
        return None

    def _among(self, left: ColumnElement[Any], right: ScalarSelect[Any]) -> ColumnElement[bool]:
        """Compare a column with those of others in its own order, as its index does."""
        (found,) = self.of(right.element).subquery().columns
        own: Any = self._replace(left)
        return (left if own is None else own).in_(select(_InNoOrder(found)))

    def _from(self, below: CTE | Subquery) -> FromClause:
        if below not in self._below:
            inner = self.of(below.element)
            self._below[below] = (
                inner.cte(below.name) if isinstance(below, CTE) else inner.subquery(below.name)
            )
        return self._below[below]


class _InNoOrder(FunctionElement[str]):
    """A text without the order of the column that it comes from; that of the other side of a comparison counts."""

    name = "in_no_order"
    inherit_cache = True
    type = String()


@compiles(_InNoOrder)
def _as_it_is(element: _InNoOrder, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(_InNoOrder, "postgresql")
def _in_default_order(element: _InNoOrder, compiler: SQLCompiler, **how: Any) -> str:
    return f'{compiler.process(element.clauses, **how)} COLLATE "default"'
