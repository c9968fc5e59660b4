"""A storage on SQLite with the standard library alone: SQL that is written by hand."""
