"""Faults put into the library on purpose: a test that names a promise or a requirement must notice its fault."""
