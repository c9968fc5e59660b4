"""The comparison of long and short timelines in small."""

from customer_accounts.adapters.sql import SqlStorage
from tests.lookup_at_scale import ON_A_PAGE, PAGES, compared


def test_reads_pages_of_both() -> None:
    """A short timeline ends, of a long one as many pages are read as were asked for; each is told with its time."""
    storage, lines = SqlStorage("sqlite://"), list[str]()
    storage.create_schema()
    assert compared(storage, 1200, lines.append) == [60, PAGES * ON_A_PAGE]
    storage.close()
    assert [line.split()[0] for line in lines] == ["60", "1,200"]
