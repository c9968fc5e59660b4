"""The tests of the program customer-accounts."""
