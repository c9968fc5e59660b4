"""Fixtures that several test modules use."""

import pytest
from hypothesis import settings

from tests.shop import Shop

# A slow machine must not fail a property: the properties are about values, never about time.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


@pytest.fixture(name="shop")
def _shop() -> Shop:
    """A shop in memory."""
    return Shop()
