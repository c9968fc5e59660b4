"""Storages as a host writes them, held by the contract of the library (`tests/examples`)."""
