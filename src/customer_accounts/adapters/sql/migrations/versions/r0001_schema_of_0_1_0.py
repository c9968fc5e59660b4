"""The tables as release 0.1.0 made them."""

import sqlalchemy as sa
from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.types import FLAG, ID, NUMBER, TEXT, TIME, column

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make all tables and their indexes."""
    _accounts(op)
    _orders(op)
    _belongings(op)
    _queues(op)


def _accounts(op: Operations) -> None:
    op.create_table(
        "ca_accounts",
        column("id", ID),
        column("email", TEXT),
        column("email_key", TEXT, null=True),
        column("email_verified_at", TIME, null=True),
        column("created_at", TIME),
        column("version", NUMBER),
        column("status", TEXT),
        column("name", TEXT),
        column("locale", TEXT),
        column("storefront", TEXT),
        column("password_hash", TEXT, null=True),
        column("password_generated", FLAG),
        column("must_change_password", FLAG),
        column("password_changed_at", TIME, null=True),
        column("session_epoch", NUMBER),
        column("default_address", ID, null=True),
        column("default_wish_list", ID, null=True),
        column("closed_at", TIME, null=True),
        column("company_name", TEXT, null=True),
        column("company_vat_as_typed", TEXT, null=True),
        column("company_vat_number", TEXT, null=True),
        column("company_vat_status", TEXT, null=True),
        column("company_vat_problem", TEXT, null=True),
        column("company_vat_code", TEXT, null=True),
        column("company_vat_checked_at", TIME, null=True),
        column("company_vat_consultation_number", TEXT, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_ca_accounts"),
        sa.UniqueConstraint("email_key", name="uq_ca_accounts_email_key"),
    )
    op.create_table(
        "ca_registrations",
        column("id", ID),
        column("email", TEXT),
        column("email_key", TEXT),
        column("browser", TEXT),
        column("created_at", TIME),
        column("expires_at", TIME),
        column("version", NUMBER),
        column("password_hash", TEXT, null=True),
        column("generate_password", FLAG),
        column("name", TEXT),
        column("locale", TEXT),
        column("storefront", TEXT),
        column("continue_to", TEXT),
        column("identity_provider", TEXT, null=True),
        column("identity_subject", TEXT, null=True),
        column("code_tries", NUMBER),
        column("confirmed_at", TIME, null=True),
        column("consent_text_version", TEXT, null=True),
        column("consent_at", TIME, null=True),
        column("consent_source", TEXT, null=True),
        column("company_name", TEXT, null=True),
        column("company_vat_as_typed", TEXT, null=True),
        column("company_vat_number", TEXT, null=True),
        column("company_vat_status", TEXT, null=True),
        column("company_vat_problem", TEXT, null=True),
        column("company_vat_code", TEXT, null=True),
        column("company_vat_checked_at", TIME, null=True),
        column("company_vat_consultation_number", TEXT, null=True),
        column("address_name", TEXT, null=True),
        column("address_street", TEXT, null=True),
        column("address_city", TEXT, null=True),
        column("address_country", TEXT, null=True),
        column("address_postcode", TEXT, null=True),
        column("address_extra", TEXT, null=True),
        column("address_region", TEXT, null=True),
        column("address_phone", TEXT, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_ca_registrations"),
    )
    op.create_index("ix_ca_registrations_browser", "ca_registrations", ["browser"])
    op.create_index("ix_ca_registrations_email_key", "ca_registrations", ["email_key"])
    op.create_index("ix_ca_registrations_expires_at", "ca_registrations", ["expires_at"])
    op.create_table(
        "ca_identities",
        column("provider", TEXT),
        column("subject", TEXT),
        column("account_id", ID),
        column("linked_at", TIME),
        column("version", NUMBER),
        column("approved", FLAG),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_ca_identities"),
    )
    op.create_index("ix_ca_identities_account_id", "ca_identities", ["account_id"])
    op.create_table(
        "ca_tokens",
        column("digest", TEXT),
        column("token_id", TEXT),
        column("key_id", TEXT),
        column("purpose", TEXT),
        column("email", TEXT),
        column("email_key", TEXT),
        column("created_at", TIME),
        column("expires_at", TIME),
        column("account_id", ID, null=True),
        column("registration_id", ID, null=True),
        column("order_reference", TEXT, null=True),
        column("browser", TEXT, null=True),
        column("used_at", TIME, null=True),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("digest", name="pk_ca_tokens"),
    )
    op.create_index("ix_ca_tokens_account_id", "ca_tokens", ["account_id"])
    op.create_index("ix_ca_tokens_email_key", "ca_tokens", ["email_key"])
    op.create_index("ix_ca_tokens_expires_at", "ca_tokens", ["expires_at"])
    op.create_index("ix_ca_tokens_registration_id", "ca_tokens", ["registration_id"])


def _orders(op: Operations) -> None:
    op.create_table(
        "ca_orders",
        column("reference", TEXT),
        column("number", TEXT),
        column("placed_at", TIME),
        column("status", TEXT),
        column("email", TEXT),
        column("email_key", TEXT),
        column("name", TEXT),
        column("postcode", TEXT),
        column("locale", TEXT),
        column("storefront", TEXT),
        column("owner", ID, null=True),
        column("claim_id", ID, null=True),
        column("status_at", TIME),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("reference", name="pk_ca_orders"),
    )
    op.create_index(
        "ix_ca_orders_email_key_placed_at",
        "ca_orders",
        ["email_key", "placed_at"],
        sqlite_where=sa.text("owner IS NULL"),
        postgresql_where=sa.text("owner IS NULL"),
    )
    op.create_index(
        "ix_ca_orders_owner_placed_at_reference", "ca_orders", ["owner", "placed_at", "reference"]
    )
    op.create_table(
        "ca_shipments",
        column("order_reference", TEXT),
        column("position", NUMBER),
        column("id", TEXT),
        column("shipped_at", TIME),
        column("corrected", NUMBER),
        sa.PrimaryKeyConstraint("order_reference", "position", name="pk_ca_shipments"),
        sa.ForeignKeyConstraint(
            ["order_reference"], ["ca_orders.reference"], name="fk_ca_shipments_ca_orders"
        ),
    )
    op.create_table(
        "ca_parcels",
        column("order_reference", TEXT),
        column("shipment_position", NUMBER),
        column("position", NUMBER),
        column("carrier", TEXT),
        column("tracking_number", TEXT),
        column("url", TEXT),
        sa.PrimaryKeyConstraint("order_reference", "shipment_position", "position", name="pk_ca_parcels"),
        sa.ForeignKeyConstraint(
            ["order_reference", "shipment_position"],
            ["ca_shipments.order_reference", "ca_shipments.position"],
            name="fk_ca_parcels_ca_shipments",
        ),
    )


def _belongings(op: Operations) -> None:
    op.create_table(
        "ca_addresses",
        column("id", ID),
        column("account_id", ID),
        column("created_at", TIME),
        column("version", NUMBER),
        column("address_name", TEXT),
        column("address_street", TEXT),
        column("address_city", TEXT),
        column("address_country", TEXT),
        column("address_postcode", TEXT),
        column("address_extra", TEXT),
        column("address_region", TEXT),
        column("address_phone", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_ca_addresses"),
    )
    op.create_index("ix_ca_addresses_account_id", "ca_addresses", ["account_id"])
    op.create_table(
        "ca_wish_lists",
        column("id", ID),
        column("account_id", ID),
        column("name", TEXT),
        column("created_at", TIME),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_ca_wish_lists"),
    )
    op.create_index("ix_ca_wish_lists_account_id", "ca_wish_lists", ["account_id"])
    op.create_table(
        "ca_wish_items",
        column("wish_list_id", ID),
        column("position", NUMBER),
        column("product", TEXT),
        column("quantity", NUMBER),
        column("added_at", TIME),
        sa.PrimaryKeyConstraint("wish_list_id", "position", name="pk_ca_wish_items"),
        sa.ForeignKeyConstraint(
            ["wish_list_id"], ["ca_wish_lists.id"], name="fk_ca_wish_items_ca_wish_lists"
        ),
    )
    op.create_table(
        "ca_subscriptions",
        column("account_id", ID),
        column("email", TEXT),
        column("email_key", TEXT),
        column("status", TEXT),
        column("confirmed_at", TIME, null=True),
        column("proof", TEXT, null=True),
        column("ended_at", TIME, null=True),
        column("version", NUMBER),
        column("consent_text_version", TEXT),
        column("consent_at", TIME),
        column("consent_source", TEXT),
        sa.PrimaryKeyConstraint("account_id", name="pk_ca_subscriptions"),
    )


def _queues(op: Operations) -> None:
    op.create_table(
        "ca_vat_checks",
        column("account_id", ID),
        column("number", TEXT),
        column("due_at", TIME),
        column("attempts", NUMBER),
        column("leased_until", TIME, null=True),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("account_id", name="pk_ca_vat_checks"),
    )
    op.create_index("ix_ca_vat_checks_due_at", "ca_vat_checks", ["due_at"])
    op.create_table(
        "ca_mails",
        column("id", ID),
        column("purpose", TEXT),
        column("to", TEXT),
        column("masked_to", TEXT),
        column("locale", TEXT),
        column("storefront", TEXT),
        column("queued_at", TIME),
        column("due_at", TIME),
        column("account_id", ID, null=True),
        column("token", TEXT, null=True),
        column("extra_token", TEXT, null=True),
        column("order_reference", TEXT, null=True),
        column("shipment_id", TEXT, null=True),
        column("status", TEXT),
        column("attempts", NUMBER),
        column("leased_until", TIME, null=True),
        column("finished_at", TIME, null=True),
        column("reply", TEXT),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_ca_mails"),
        sa.CheckConstraint("status IN ('queued', 'sent', 'dropped', 'dead')", name="ck_ca_mails_status"),
    )
    op.create_index(
        "ix_ca_mails_dead",
        "ca_mails",
        ["due_at"],
        sqlite_where=sa.text("status = 'dead'"),
        postgresql_where=sa.text("status = 'dead'"),
    )
    op.create_index("ix_ca_mails_finished_at", "ca_mails", ["finished_at"])
    op.create_index(
        "ix_ca_mails_queued",
        "ca_mails",
        ["due_at"],
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_table(
        "ca_mail_details",
        column("mail_id", ID),
        column("position", NUMBER),
        column("name", TEXT),
        column("value", TEXT),
        sa.PrimaryKeyConstraint("mail_id", "position", name="pk_ca_mail_details"),
        sa.ForeignKeyConstraint(["mail_id"], ["ca_mails.id"], name="fk_ca_mail_details_ca_mails"),
    )
    op.create_table(
        "ca_events",
        column("id", ID),
        column("at", TIME),
        column("kind", TEXT),
        column("actor", TEXT),
        column("account_id", ID, null=True),
        column("email", TEXT),
        column("ip", TEXT, null=True),
        column("detail", TEXT),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_ca_events"),
    )
    op.create_index("ix_ca_events_account_id", "ca_events", ["account_id"])
    op.create_index("ix_ca_events_at", "ca_events", ["at"])
