"""Where a database stands in the chain of revisions."""

from functools import cache
from pathlib import Path

from alembic.script import Script, ScriptDirectory
from attrs import frozen

from customer_accounts.errors import CustomerAccountsError


class MigrationError(CustomerAccountsError):
    """The tables cannot be brought to the wanted revision; nothing was changed, and the text says what to do."""


@frozen
class Revision:
    """One change of the tables.

    Args:
        id: its number, such as ``0001``.
        text: what is true after it, in one sentence.
    """

    id: str
    text: str


@frozen
class Standing:
    """Which revision a database has, and which ones it lacks.

    Args:
        revision: the last one that was made, or None.
        pending: those that this version of the library needs and the database lacks, oldest first.
        unversioned: the tables are there, but nothing says of which revision they are.
    """

    revision: str | None
    pending: tuple[Revision, ...]
    unversioned: bool = False

    @property
    def up_to_date(self) -> bool:
        """Whether nothing is left to do."""
        return not self.pending and not self.unversioned


@cache
def scripts() -> ScriptDirectory:
    """Give the revisions of this version of the library."""
    return ScriptDirectory(Path(__file__).parent)


def chain() -> list[Script]:
    """Give all revisions, oldest first."""
    return list(scripts().walk_revisions())[::-1]


def revision_of(script: Script) -> Revision:
    """Give what a reader wants to know about a revision."""
    return Revision(script.revision, script.doc)


def after(revision: str | None, up_to: str = "head") -> list[Script]:
    """Give the revisions that follow *revision*, oldest first, the last of them *up_to*.

    Raises:
        MigrationError: one of the two is not known here.
    """
    made = chain()
    ids = [one.revision for one in made]
    first = 0 if revision is None else _place(revision, ids) + 1
    last = len(ids) if up_to == "head" else _place(up_to, ids) + 1
    return made[first:last]


def _place(revision: str, ids: list[str]) -> int:
    if revision not in ids:
        raise MigrationError(
            f"revision {revision} is not known here, the newest one is {ids[-1]}: "
            "is the library older than the database?"
        )
    return ids.index(revision)
