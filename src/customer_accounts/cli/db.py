"""``customer-accounts db``: the tables and their revisions."""

from enum import StrEnum
from typing import Annotated

import typer

from customer_accounts.cli.database import Url, engine_at, tables_at
from customer_accounts.cli.ending import Exit, needs, told

app = typer.Typer(help="The tables of the library and their revisions.", no_args_is_help=True)


class Dialect(StrEnum):
    """The databases that SQL is written for."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


@app.command()
def upgrade(
    url: Url, to: Annotated[str, typer.Option(help="The last revision wanted.", metavar="REVISION")] = "head"
) -> None:
    """Bring the tables to the newest revision, in one transaction."""
    with engine_at(url) as engine:
        from customer_accounts.adapters.sql import migrations  # noqa: PLC0415 - an extra

        made = migrations.upgrade(engine, to)
        for one in made:
            typer.echo(f"{one.id}  {one.text}")
        told(f"{len(made)} made." if made else "Nothing to do.")


@app.command()
def current(url: Url) -> None:
    """Print the revision of the tables, and what is left to do (exit code 1 if anything is)."""
    with tables_at(url) as engine:
        from customer_accounts.adapters.sql import migrations  # noqa: PLC0415 - an extra

        standing = migrations.current(engine)
    typer.echo(standing.revision or "none")
    for one in standing.pending:
        told(f"to do: {one.id}  {one.text}")
    if standing.unversioned:
        told("The tables are there, but not their revision: see db stamp.")
    if not standing.up_to_date:
        raise typer.Exit(Exit.OPEN)


@app.command()
def prepare(url: Url) -> None:
    """Make the indexes of the next upgrade beforehand, one by one, while the shop goes on writing (PostgreSQL)."""
    with tables_at(url) as engine:
        from customer_accounts.adapters.sql import migrations  # noqa: PLC0415 - an extra

        made = migrations.prepare(engine)
        for one in made:
            typer.echo(one)
        told(f"{len(made)} made." if made else "Nothing to make beforehand.")


@app.command()
def sql(
    dialect: Annotated[Dialect, typer.Option(help="The database to write for.")] = Dialect.POSTGRESQL,
    since: Annotated[
        str | None,
        typer.Option(help="The revision that the database has; none if it is empty.", metavar="REVISION"),
    ] = None,
) -> None:
    """Print the upgrade as SQL, for those who run it by hand; no database is asked."""
    needs("sql", "sqlalchemy", "alembic")
    from customer_accounts.adapters.sql import migrations  # noqa: PLC0415 - an extra

    try:
        typer.echo(migrations.sql(dialect.value, since), nl=False)
    except migrations.MigrationError as error:
        told(str(error))
        raise typer.Exit(Exit.OPEN) from None


@app.command()
def stamp(
    url: Url,
    revision: Annotated[
        str, typer.Argument(metavar="REVISION", help="Such as 0001, or head for the newest.")
    ],
) -> None:
    """Write down which revision the tables are of, after create_schema made them or SQL was run by hand."""
    with tables_at(url) as engine:
        from customer_accounts.adapters.sql import migrations  # noqa: PLC0415 - an extra

        migrations.stamp(engine, revision)
        told(f"The tables are of revision {migrations.current(engine).revision} from now on.")
