"""What surrounds one call of a command."""

from datetime import UTC, datetime
from uuid import UUID

from customer_accounts.accounts.steps import Surroundings
from customer_accounts.hashing import CHEAPEST, Argon2Hasher
from customer_accounts.testing import cheap_settings


class Source:
    """Gives bytes that count upwards, so that none comes twice, and remembers how many were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self._next = 0

    def __call__(self, count: int) -> bytes:
        self.asked.append(count)
        self._next += count
        return bytes(number % 256 for number in range(self._next - count, self._next))


def surroundings(source: Source) -> Surroundings:
    """Give the surroundings of a shop whose random bytes come from *source*."""
    return Surroundings(
        settings=cheap_settings(),
        hasher=Argon2Hasher(CHEAPEST, allow_cheap=True),
        on_event=None,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        random=source,
    )


def test_the_system_is_asked_once_for_what_a_call_needs() -> None:
    """TK-01: three ids and a link take one question, and no byte serves twice."""
    source = Source()
    env = surroundings(source).env()
    drawn = [env.random(16), env.new_id().bytes, env.random(16), env.random(16)]
    assert len(source.asked) == 1
    assert len(set(drawn)) == 4
    assert drawn[0] + drawn[2] + drawn[3] == bytes((*range(16), *range(32, 64)))


def test_more_than_is_left_is_asked_for_anew() -> None:
    """TK-01: what is left over is never stretched, and a large wish is met in full."""
    source = Source()
    env = surroundings(source).env()
    assert [len(env.random(count)) for count in (60, 16, 200, 0)] == [60, 16, 200, 0]
    assert source.asked == [64, 64, 200]


def test_ids_are_random_ones_of_rfc_9562() -> None:
    """An id is a UUID of version 4, another one each time and in each call."""
    made = surroundings(Source())
    ids = [env.new_id() for env in (Surroundings(made.settings, made.hasher, None, made.clock).env(),) * 50]
    assert len(set(ids)) == 50
    assert all(isinstance(one, UUID) and one.version == 4 for one in ids)
