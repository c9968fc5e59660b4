"""The storages of `docs/examples` keep the contract."""
