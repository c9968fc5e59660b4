"""Where the demo keeps what it makes: the database, and every mail as an ``.eml`` file.

Rules: the mails always stay.  The database stays where ``--db`` or ``--keep`` asks for it, otherwise it goes at the
end; it lies then in the temporary folder of the mails.  Nothing that was there before is ever written over.
"""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from customer_accounts.demo.narration import Narration


def files_of(database: Path) -> list[Path]:
    """Give the file of a database and those that SQLite may have put beside it."""
    return [database.with_name(database.name + more) for more in ("", "-wal", "-shm", "-journal")]


class OccupiedError(Exception):
    """There is something already where the demo was told to write; the text says what to do."""


@frozen
class Files:
    """The two places of one run."""

    database: Path
    mails: Path
    keeps_database: bool

    def save(self, mails: Iterable[bytes], promise: str) -> int:
        """Write mails as they came over the wire, and give how many."""
        count = len(list(self.mails.iterdir()))
        saved = 0
        for saved, raw in enumerate(mails, start=1):
            name = f"{count + saved:03}-{promise}-{_recipient(raw)}.eml"
            self.mails.joinpath(name).write_bytes(raw)
        return saved

    def tidy(self) -> None:
        """Remove the database, with the side files of SQLite, unless it is to be kept."""
        if not self.keeps_database:
            for path in files_of(self.database):
                path.unlink(missing_ok=True)


def files_for(database: str | None, narration: Narration, *, keep: bool) -> Files:
    """Make the folders of a run.

    Args:
        database: path of the SQLite file, or None for a temporary one.
        narration: for the words of the error.
        keep: keep a temporary database as well.

    Raises:
        OccupiedError: the file or the folder exists already, or cannot be made.
    """
    if database is None:
        folder = Path(tempfile.mkdtemp(prefix="customer-accounts-demo-"))
        files = Files(folder / "shop.db", folder / "mails", keep)
    else:
        path = Path(database).resolve()
        files = Files(path, path.with_name(f"{path.stem}-mails"), keeps_database=True)
    for taken in (files.database, files.mails):
        if taken.exists():
            raise OccupiedError(narration.word("occupied", path=taken))
    try:
        files.mails.mkdir()
    except OSError as error:
        raise OccupiedError(narration.word("unwritable", path=files.mails, why=error.strerror)) from error
    return files


def _recipient(raw: bytes) -> str:
    found = re.search(rb"^To: (.*)\r?$", raw, re.MULTILINE)
    address = found.group(1).decode("utf-8", "replace").strip() if found else "nobody"
    return re.sub(r"[^\w@.+-]", "_", address)[:80]
