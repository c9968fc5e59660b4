"""The tests of customer_accounts."""
