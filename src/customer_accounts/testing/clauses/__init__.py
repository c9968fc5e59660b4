"""The clauses of the contract of storages, by subject; `customer_accounts.testing.storage_contract` joins
them.
"""
