"""Storages with one fault each, by subject, and the clause of the contract that each of them breaks."""
