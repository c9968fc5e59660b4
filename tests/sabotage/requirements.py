"""One fault for each requirement: a plausible mistake of one line, and the tests that must notice it."""

from tests.sabotage.addresses import ADDRESSES
from tests.sabotage.customers import CUSTOMERS
from tests.sabotage.data import DATA
from tests.sabotage.delivery import DELIVERY
from tests.sabotage.fault import Fault
from tests.sabotage.hijacking import HIJACKING
from tests.sabotage.links import LINKS
from tests.sabotage.passwords import PASSWORDS

REQUIREMENTS: tuple[Fault, ...] = (*HIJACKING, *PASSWORDS, *ADDRESSES, *LINKS, *CUSTOMERS, *DELIVERY, *DATA)
