"""The tests of the revisions of the tables."""
