"""The clauses of the contracts, by subject; `customer_accounts.testing.storage_contract` and
`customer_accounts.testing.mailer_contract` join them.
"""

from pkgutil import iter_modules

import pytest

# Before any of them is imported: a clause that fails then shows the values it compared, in the tests of every host.
pytest.register_assert_rewrite(*(f"{__name__}.{one.name}" for one in iter_modules(__path__)))
