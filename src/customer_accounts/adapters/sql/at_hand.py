"""Connections that stay taken from a pool between two uses: for short statements the pool costs more than they do.

The pool goes on counting them as used, so that there are never more than it allows; few are kept, and the others are
left to whoever asks the pool.  Only for an engine that nobody else has.
"""

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

#: A small part of what a pool has; threads beyond that take theirs from it each time.
MOST = 4


class AtHand:
    """The connections of one engine that are kept.

    Args:
        engine: made here, with a pool of several connections.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[PoolProxiedConnection] = []

    def take(self) -> PoolProxiedConnection:
        """Give a connection that nobody uses."""
        try:
            return self._kept.pop()
        except IndexError:
            return self._engine.raw_connection()

    def give_back(self, pooled: PoolProxiedConnection) -> None:
        """Keep it for the next one who asks, or give it back to the pool."""
        if len(self._kept) < MOST:
            self._kept.append(pooled)
        else:
            pooled.close()

    def close(self) -> None:
        """Give all back to the pool."""
        while self._kept:
            self._kept.pop().close()
