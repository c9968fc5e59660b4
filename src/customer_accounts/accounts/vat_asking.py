"""Asking a register for somebody who waits: within a time, whatever the register does.

Rules: the caller is answered in time, also when the register hangs; so many questions at most are under way, and
above that nobody begins another, so that a register that hangs costs a bounded number of threads; two who ask about
the same number at once share one question.
"""

import threading
from collections.abc import Callable

from attrs import define, field

from customer_accounts.accounts.steps import log
from customer_accounts.vat import VatAnswer

#: Questions under way at most, for a process.
MOST = 16


@define(eq=False)
class _Flight:
    done: threading.Event = field(factory=threading.Event)
    answer: VatAnswer | None = None


class Asking:
    """Asks in threads of its own; one that hangs is left alone, and keeps no process from ending."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}

    def ask(self, number: str, question: Callable[[], VatAnswer], wait: float) -> VatAnswer | None:
        """Give what the register says about *number*, or None if it says nothing within *wait* seconds."""
        with self._lock:
            flight = self._flights.get(number)
            if flight is None:
                if len(self._flights) >= self._most:
                    return None
                flight = self._flights[number] = _Flight()
                asking = threading.Thread(target=self._fly, args=(number, flight, question), daemon=True)
                asking.start()
        flight.done.wait(max(wait, 0.0))
        return flight.answer

    def _fly(self, number: str, flight: _Flight, question: Callable[[], VatAnswer]) -> None:
        try:
            flight.answer = question()
        except Exception:  # whatever a register raises is no answer, and stops no order (RL-09)
            log.warning("the VAT register failed", exc_info=True)
        finally:
            with self._lock:
                del self._flights[number]
            flight.done.set()
