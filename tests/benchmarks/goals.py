"""Goals, and when they are reached: as they stand, or in proportion on a machine that is slower than theirs.

A goal was set beside what others took on one machine.  Where they take longer in the same turns, so may we, by as much;
a faster machine changes no goal.
"""

from collections.abc import Sequence

from attrs import frozen

from tests.benchmarks.rows import median


@frozen
class Goal:
    """What is to be reached, and what somebody else took where it was set.

    Args:
        figure: at most so much, or at least, if *least*.
        unit: of both.
        beside: who else.
        then: their figure.
        least: true for a rate.
    """

    figure: float
    unit: str
    beside: str
    then: float
    least: bool = False

    @property
    def words(self) -> str:
        """Say it."""
        sign = "≥" if self.least else "≤"
        return (
            f"{sign} {self.figure:g} {self.unit}; on a slower machine {sign} "
            f"{self.figure / self.then:.3g} × {self.beside}"
        )

    def reached(self, ours: Sequence[float], theirs: Sequence[float]) -> bool:
        """Say whether figures from turns side by side reach it."""
        return self._is(median(ours), self.figure) or self._is(
            self.times(ours, theirs), self.figure / self.then
        )

    @staticmethod
    def times(ours: Sequence[float], theirs: Sequence[float]) -> float:
        """Give how many times theirs ours is, in turns side by side."""
        return median(one / other for one, other in zip(ours, theirs, strict=True))

    def _is(self, found: float, wanted: float) -> bool:
        return found >= wanted if self.least else found <= wanted


# What each took when the goals were set: on 2 cores, with fastapi-users 15, django-allauth 65 and its Django.
REGISTRATION = Goal(300, "µs", "floor", 90)
SIGN_IN = Goal(120, "µs", "Django create_user", 235)
FAR_REGISTRATION = Goal(5, "ms", "fastapi-users", 11.7)
ASYNC_RATE = Goal(85, "a second", "fastapi-users", 43, least=True)
