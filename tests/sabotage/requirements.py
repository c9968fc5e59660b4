"""One fault for each requirement that a small change of the code can break."""

from tests.sabotage.fault import Fault

REQUIREMENTS: tuple[Fault, ...] = ()
