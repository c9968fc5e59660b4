"""Workers on a server whose transactions are serializable by default."""

from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from threading import Barrier, Lock

from sqlalchemy import create_engine

from customer_accounts.accounts import Accounts
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.outbox import MailStatus
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import stored
from tests.postgres.database import Database

WORKERS = 8
MAILS = 200


class Post:
    """Takes every mail, and remembers its Message-ID."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._lock = Lock()

    def send(self, message: EmailMessage, /) -> str:
        """Take it."""
        with self._lock:
            self.taken.append(str(message["Message-ID"]))
        return "250 taken"


def test_workers_get_along_on_a_serializable_server(postgres_shop: Database) -> None:
    """RL-04: eight workers send all mails, each once, and none of them is told of the others."""
    engine = create_engine(postgres_shop.url, isolation_level="SERIALIZABLE", pool_size=WORKERS)
    storage, post, together = SqlStorage(engine), Post(), Barrier(WORKERS, timeout=60)
    storage.write(stored(*(records.a_mail(leased_until=None) for _ in range(MAILS))))
    shop = Accounts(storage, cheap_settings())

    def work(_: int) -> int:
        together.wait()
        return shop.deliver_mail(post).total

    with ThreadPoolExecutor(WORKERS) as threads:
        done = list(threads.map(work, range(WORKERS)))
    left = shop.deliver_mail(post).total
    assert sum(done) + left == MAILS
    assert len(post.taken) == len(set(post.taken))
    assert storage.backlog().queued == 0
    assert not storage.mails(MailStatus.DEAD)
    engine.dispose()
