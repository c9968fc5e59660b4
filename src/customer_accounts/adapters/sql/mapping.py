"""Records and their rows: each kind of record is a `Node`, and so is each kind of a tuple's elements below
it.

A record becomes one row of its table and one row for each element of its tuples; reading puts them together
again exactly as they were, the elements in their order.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen
from sqlalchemy import Column, Table

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters.sql import schema
from customer_accounts.adapters.sql.fields import Fields, Values, fields_of
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishItem, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
from customer_accounts.claim import Carried, ClaimedAddress, ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.merge import MergeRecord, Moved
from customer_accounts.order import OrderRecord, Parcel, Shipment
from customer_accounts.outbox import Detail, EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord

#: A row as it is bound to a statement: column name to value.
Row = dict[str, Any]


@frozen(eq=False)
class Node:
    """One kind of record, or of elements of a tuple, with the table that holds it.

    Args:
        elements: the nodes of its tuples, in the order of `Fields.tuples`.
        links: for elements, the columns that name the row they belong to, and ``position``; else empty.
        names: of all columns, in the order of a row's values.
    """

    fields: Fields
    table: Table
    elements: tuple["Node", ...] = ()
    links: tuple[str, ...] = ()
    key: tuple[str, ...] = field(init=False)
    columns: tuple[Column[Any], ...] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    _key_places: tuple[int, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        names = (*self.links, *(leaf.name for leaf in self.fields.leaves))
        set_ = object.__setattr__  # the derived fields of a frozen value
        set_(self, "key", tuple(column.name for column in self.table.primary_key.columns))
        set_(self, "columns", tuple(self.table.c[name] for name in names))
        set_(self, "names", names)
        set_(self, "_key_places", tuple(names.index(name) for name in self.key))

    def row(self, value: object, link: Values = ()) -> Row:
        """Give the row of a value, without the elements of its tuples."""
        values = self.fields.values(value)
        return dict(zip(self.names, [*link, *values] if link else values, strict=True))

    def element_rows(self, value: object, link: Values = ()) -> Iterator[tuple["Node", Row]]:
        """Give the rows of all elements below a value, parents first."""
        if not self.elements:
            return
        row = self.row(value, link)
        key = [row[name] for name in self.key]
        for node, (name, _) in zip(self.elements, self.fields.tuples, strict=True):
            for position, element in enumerate(getattr(value, name)):
                yield node, node.row(element, (*key, position))
                yield from node.element_rows(element, (*key, position))

    def records(self, rows: Mapping["Node", list[Values]]) -> list[Any]:
        """Put records together from the rows of all nodes below."""
        return [value for _, value in self.keyed(rows)]

    def family(self) -> Iterator["Node"]:
        """Give this node and all below it, parents first."""
        yield self
        for node in self.elements:
            yield from node.family()

    def keyed(self, rows: Mapping["Node", list[Values]]) -> list[tuple[tuple[Any, ...], Any]]:
        """Put values together, each with the key of its row."""
        below = [
            (name, node.grouped(rows))
            for node, (name, _) in zip(self.elements, self.fields.tuples, strict=True)
        ]
        width, built = len(self.links), []
        for values in rows.get(self, ()):
            key = tuple(values[place] for place in self._key_places)
            tuples = {name: tuple(groups.get(key, ())) for name, groups in below}
            built.append((key, self.fields.build(values[width:] if width else values, **tuples)))
        return built

    def grouped(self, rows: Mapping["Node", list[Values]]) -> dict[tuple[Any, ...], list[Any]]:
        """Put elements together, in their order, by the key of the row that they belong to."""
        groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for key, value in sorted(self.keyed(rows), key=lambda one: one[0]):
            groups[key[:-1]].append(value)
        return groups


def _node(cls: type, table: Table, *elements: Node) -> Node:
    return Node(fields_of(cls), table, elements)


def _elements(cls: type, table: Table, *elements: Node) -> Node:
    return Node(fields_of(cls), table, elements, tuple(column.name for column in table.primary_key.columns))


ACCOUNTS = _node(AccountRecord, schema.accounts)
REGISTRATIONS = _node(RegistrationRecord, schema.registrations)
IDENTITIES = _node(IdentityRecord, schema.identities)
TOKENS = _node(TokenRecord, schema.tokens)
PARCELS = _elements(Parcel, schema.parcels)
SHIPMENTS = _elements(Shipment, schema.shipments, PARCELS)
ORDERS = _node(OrderRecord, schema.orders, SHIPMENTS)
ADDRESSES = _node(AddressRecord, schema.addresses)
WISH_ITEMS = _elements(WishItem, schema.wish_items)
WISH_LISTS = _node(WishListRecord, schema.wish_lists, WISH_ITEMS)
SUBSCRIPTIONS = _node(SubscriptionRecord, schema.subscriptions)
VAT_CHECKS = _node(VatCheckRecord, schema.vat_checks)
VAT_EVIDENCE = _node(VatEvidenceRecord, schema.vat_evidence)
ORDER_VAT = _node(OrderVatRecord, schema.order_vat)
VAT_PAUSES = _node(VatPauseRecord, schema.vat_pauses)
MAIL_DETAILS = _elements(Detail, schema.mail_details)
MAILS = _node(MailRecord, schema.mails, MAIL_DETAILS)
EVENTS = _node(EventRecord, schema.events)
CLAIM_CARRIED = _elements(Carried, schema.claim_carried)
CLAIM_ADDRESSES = _elements(ClaimedAddress, schema.claim_addresses)
CLAIMS = _node(ClaimRecord, schema.claims, CLAIM_CARRIED, CLAIM_ADDRESSES)
REQUESTS = _node(ConversionRequestRecord, schema.requests)
PROPOSALS = _node(ProposalRecord, schema.proposals)
MERGE_DOUBLES = _elements(AddressRecord, schema.merge_doubles)
MERGE_MOVED = _elements(Moved, schema.merge_moved)
MERGES = _node(MergeRecord, schema.merges, MERGE_DOUBLES, MERGE_MOVED)

#: The node of each class of records.
NODES: dict[type, Node] = {
    node.fields.cls: node
    for node in (
        ACCOUNTS, REGISTRATIONS, IDENTITIES, TOKENS, ORDERS, ADDRESSES,
        WISH_LISTS, SUBSCRIPTIONS, VAT_CHECKS, MAILS, EVENTS,
        CLAIMS, REQUESTS, PROPOSALS, MERGES,
        VAT_EVIDENCE, ORDER_VAT, VAT_PAUSES,
    )
}  # fmt: skip
