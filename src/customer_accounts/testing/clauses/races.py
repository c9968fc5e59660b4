"""Clauses: sixteen at once, and exactly one wins; nobody sees half of a write."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from attrs import evolve

from customer_accounts.changes import Change, MoveOrders, OrderSelection, Remove, UseToken, update
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.outbox import MailTask, Queue, VatTask
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import NOW, later, some_key, stored

AT_ONCE = 16
T = TypeVar("T")


def at_once(storages: Sequence[Storage], act: Callable[[Storage, int], T]) -> list[T]:
    """Let sixteen threads act at the same time, on the instances in turn."""
    barrier = Barrier(AT_ONCE, timeout=60)

    def begin(number: int) -> T:
        barrier.wait()
        return act(storages[number % len(storages)], number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(begin, range(AT_ONCE)))


def wins(storages: Sequence[Storage], changes: Callable[[int], Sequence[Change]]) -> list[int]:
    """Let sixteen write at once and give the numbers of those that were not overtaken."""

    def write(storage: Storage, number: int) -> bool:
        try:
            storage.write(changes(number))
        except StaleWriteError:
            return False
        return True

    return [number for number, won in enumerate(at_once(storages, write)) if won]


def _in_turn(choices: Sequence[Sequence[Change]]) -> Callable[[int], Sequence[Change]]:
    return lambda number: choices[number // 2 % len(choices)]


class RaceClauses(Clauses):
    """Races that a storage decides, on one instance and on two."""

    def test_one_of_sixteen_uses_a_link(self, storage: Storage, second_storage: Storage) -> None:
        """TK-05: of sixteen uses at once one succeeds, and only its other changes are stored."""
        token = records.a_token()
        storage.write(stored(token))
        accounts = [records.an_account() for _ in range(AT_ONCE)]

        def use(number: int) -> Sequence[Change]:
            return [*stored(accounts[number]), UseToken(token.digest, NOW, accounts[number].id)]

        (winner,) = wins((storage, second_storage), use)
        found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS, Part.TOKENS}), token=token.digest))
        assert found.accounts == (accounts[winner],)
        keys = tuple(str(one.email_key) for one in accounts)
        everyone = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=keys))
        assert everyone.accounts == (accounts[winner],)

    def test_one_of_sixteen_gets_an_address(self, storage: Storage, second_storage: Storage) -> None:
        """EM-03, CC-05: of sixteen accounts with one address one is stored; the others are overtaken."""
        key = some_key()
        accounts = [records.an_account(email_key=key) for _ in range(AT_ONCE)]
        (winner,) = wins((storage, second_storage), lambda number: stored(accounts[number]))
        found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(key,)))
        assert found.accounts == (accounts[winner],)

    def test_one_of_sixteen_replaces_a_version(self, storage: Storage, second_storage: Storage) -> None:
        """CC-05: of sixteen updates of one version one is stored."""
        account = records.an_account()
        storage.write(stored(account))
        (winner,) = wins(
            (storage, second_storage), lambda number: [update(account, evolve(account, name=str(number)))]
        )
        found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id))
        assert found.accounts == (evolve(account, name=str(winner), version=2),)

    def test_sixteen_writers_of_their_own_records_all_succeed(
        self, storage: Storage, second_storage: Storage
    ) -> None:
        """Writes that do not concern each other are never overtaken and never fail."""
        assert wins(
            (storage, second_storage), lambda _: stored(records.an_account(), records.a_mail())
        ) == list(range(AT_ONCE))

    def test_one_of_sixteen_removes_a_record(self, storage: Storage, second_storage: Storage) -> None:
        """CC-05: of sixteen removals of one record one succeeds."""
        registration = records.a_registration()
        storage.write(stored(registration))
        assert len(wins((storage, second_storage), lambda _: [Remove(registration)])) == 1

    @needs(Part.IDENTITIES)
    def test_one_of_sixteen_links_an_identity(self, storage: Storage, second_storage: Storage) -> None:
        """SO-01: of sixteen links of one identity one is stored."""
        identities = [records.an_identity(subject="one and the same") for _ in range(AT_ONCE)]
        (winner,) = wins((storage, second_storage), lambda number: stored(identities[number]))
        scope = Scope(parts=frozenset({Part.IDENTITIES}), identity=("google", "one and the same"))
        assert storage.read(scope).identities == (identities[winner],)

    def test_writers_in_either_order_are_overtaken_at_most(
        self, storage: Storage, second_storage: Storage
    ) -> None:
        """CC-05: two records that some change in one order and some in the other: nobody meets a deadlock."""
        pairs = [(records.an_account(), records.an_account()) for _ in range(2)]
        storage.write(stored(*(one for pair in pairs for one in pair)))
        for one, other in pairs:
            changes = [update(one, one), update(other, other)]
            either = changes, changes[::-1]
            won = wins((storage, second_storage), _in_turn(either))
            assert len(won) == 1

    @needs(Feature.MAIL_QUEUE)
    def test_a_mail_that_sixteen_queue_is_there_once(self, storage: Storage, second_storage: Storage) -> None:
        """RL-08: sixteen repeats at once of a command that mails: all succeed, and its mail is there once."""
        mail = records.a_full_mail()
        assert wins((storage, second_storage), lambda _: stored(mail)) == list(range(AT_ONCE))
        tasks = storage.lease(Queue.MAIL, limit=9, now=NOW, until=later(minutes=5))
        assert [task.mail.id for task in tasks] == [mail.id]

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_orders_move_to_one_of_sixteen(self, storage: Storage, second_storage: Storage) -> None:
        """GM-01: of sixteen claims at once each order is moved by one, and no order by two."""
        key = some_key()
        storage.write(stored(*(records.an_order(email_key=key) for _ in range(20))))

        def move(storage: Storage, _: int) -> int:
            claim = records.some_id()
            return storage.write([MoveOrders(OrderSelection(key), claim, claim)]).moved[claim]

        assert sum(at_once((storage, second_storage), move)) == 20

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_sixteen_workers_lease_each_vat_check_once(
        self, storage: Storage, second_storage: Storage
    ) -> None:
        """RL-04: sixteen workers at once never hold the same VAT check."""
        checks = [records.a_vat_check() for _ in range(24)]
        storage.write(stored(*checks))

        def lease(storage: Storage, _: int) -> list[VatTask]:
            taken: list[VatTask] = []
            while batch := storage.lease(Queue.VAT, limit=2, now=NOW, until=later(minutes=5)):
                taken += batch
            return taken

        leased = [task.check.number for tasks in at_once((storage, second_storage), lease) for task in tasks]
        assert sorted(leased) == sorted(one.number for one in checks)

    @needs(Feature.MAIL_QUEUE)
    def test_sixteen_workers_lease_each_mail_once(self, storage: Storage, second_storage: Storage) -> None:
        """RL-04: sixteen workers at once never hold the same mail."""
        mails = [records.a_mail() for _ in range(40)]
        storage.write(stored(*mails))

        def lease(storage: Storage, _: int) -> list[MailTask]:
            taken: list[MailTask] = []
            while batch := storage.lease(Queue.MAIL, limit=3, now=NOW, until=later(minutes=5)):
                taken += batch
            return taken

        leased = [task.mail.id for tasks in at_once((storage, second_storage), lease) for task in tasks]
        assert sorted(leased) == sorted(one.id for one in mails)

    @needs(Part.SUBSCRIPTIONS)
    def test_a_reader_never_sees_half_of_a_write(self, storage: Storage, second_storage: Storage) -> None:
        """A read is one snapshot: two records that are always written together always agree."""
        account = records.an_account()
        subscription = records.a_subscription(account_id=account.id)
        storage.write(stored(account, subscription))
        scope = Scope(parts=frozenset({Part.ACCOUNTS, Part.SUBSCRIPTIONS}), account_id=account.id)

        def act(storage: Storage, number: int) -> list[tuple[Any, Any]]:
            seen = []
            for _ in range(20):
                found = storage.read(scope)
                (one,), (other,) = found.accounts, found.subscriptions
                seen.append((one.version, other.version))
                if number == 0:
                    storage.write([update(one, one), update(other, other)])
            return seen

        seen = [pair for pairs in at_once((storage, second_storage), act) for pair in pairs]
        assert all(one == other for one, other in seen)
