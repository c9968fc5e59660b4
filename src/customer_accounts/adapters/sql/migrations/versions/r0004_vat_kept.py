"""VAT numbers wait by number; answers of the register, the VAT of orders and pauses of the register are kept."""

import sqlalchemy as sa
from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.indexes import create_index
from customer_accounts.adapters.sql.migrations.types import DAY, FLAG, ID, NUMBER, TEXT, TIME, column

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Make the tables of what is kept, and the queue anew with a number once."""
    op.add_column("ca_accounts", column("company_vat_evidence_id", ID, null=True))
    op.add_column("ca_registrations", column("company_vat_evidence_id", ID, null=True))
    _index(op, "accounts", "company_vat_number")
    _checks(op)
    _evidence(op)
    _order_vat(op)
    op.create_table(
        "ca_vat_pauses",
        column("register", TEXT),
        column("code", TEXT),
        column("since", TIME),
        column("until", TIME, null=True),
        column("attempts", NUMBER),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("register", name="pk_ca_vat_pauses"),
    )


def _checks(op: Operations) -> None:
    """Several accounts may have waited for one number: the first turn counts.  Leases end; nobody is asked twice."""
    op.create_table(
        "ca_vat_checks_of_accounts",
        column("number", TEXT),
        column("due_at", TIME),
        column("attempts", NUMBER),
    )
    op.execute(
        "INSERT INTO ca_vat_checks_of_accounts (number, due_at, attempts) "
        "SELECT number, due_at, attempts FROM ca_vat_checks"
    )
    op.drop_table("ca_vat_checks")
    op.create_table(
        "ca_vat_checks",
        column("number", TEXT),
        column("due_at", TIME),
        column("as_typed", TEXT),
        column("wanted_until", TIME, null=True),
        column("doubted", FLAG),
        column("attempts", NUMBER),
        column("leased_until", TIME, null=True),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("number", name="pk_ca_vat_checks"),
    )
    op.create_index("ix_ca_vat_checks_due_at", "ca_vat_checks", ["due_at"])
    op.execute(
        "INSERT INTO ca_vat_checks (number, due_at, as_typed, doubted, attempts, version) "
        "SELECT number, min(due_at), '', FALSE, min(attempts), 1 FROM ca_vat_checks_of_accounts GROUP BY number"
    )
    op.drop_table("ca_vat_checks_of_accounts")


def _evidence(op: Operations) -> None:
    op.create_table(
        "ca_vat_evidence",
        column("id", ID),
        column("number", TEXT),
        column("as_typed", TEXT),
        column("status", TEXT),
        column("code", TEXT),
        column("checked_at", TIME),
        column("source", TEXT),
        column("endpoint", TEXT),
        column("requester", TEXT, null=True),
        column("requester_refused", FLAG),
        column("http_status", NUMBER, null=True),
        column("raw", TEXT),
        column("raw_sha256", TEXT),
        column("consultation_number", TEXT, null=True),
        column("name", TEXT, null=True),
        column("address", TEXT, null=True),
        column("added_by", TEXT),
        column("document", TEXT),
        column("document_sha256", TEXT),
        column("library_version", TEXT),
        column("data_version", TEXT),
        column("version", NUMBER),
        column("matches_name", TEXT, null=True),
        column("matches_street", TEXT, null=True),
        column("matches_postal_code", TEXT, null=True),
        column("matches_city", TEXT, null=True),
        column("matches_company_type", TEXT, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_ca_vat_evidence"),
    )
    op.create_index("ix_ca_vat_evidence_checked_at", "ca_vat_evidence", ["checked_at"])
    op.create_index("ix_ca_vat_evidence_number_checked_at", "ca_vat_evidence", ["number", "checked_at"])


def _order_vat(op: Operations) -> None:
    op.create_table(
        "ca_order_vat",
        column("reference", TEXT),
        column("number", TEXT, null=True),
        column("state", TEXT),
        column("supplied_on", DAY),
        column("recorded_at", TIME),
        column("decision", TEXT),
        column("currency", TEXT),
        column("charged_net", sa.String()),
        column("charged_vat", sa.String()),
        column("evidence_id", ID, null=True),
        column("corrected_decision", TEXT, null=True),
        column("corrected_evidence_id", ID, null=True),
        column("confirmed_at", TIME, null=True),
        column("approved_by", TEXT),
        column("approved_at", TIME, null=True),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("reference", name="pk_ca_order_vat"),
    )
    op.create_index("ix_ca_order_vat_state_recorded_at", "ca_order_vat", ["state", "recorded_at"])
    op.create_index("ix_ca_order_vat_supplied_on", "ca_order_vat", ["supplied_on"])
    _index(op, "order_vat", "number", "recorded_at")
    _index(op, "order_vat", "evidence_id")
    _index(op, "order_vat", "corrected_evidence_id")


def _index(op: Operations, table: str, *columns: str) -> None:
    """Make an index of the rows whose first column has a value."""
    create_index(op, f"ca_{table}", columns, where=f"{columns[0]} IS NOT NULL")
