"""Tests of the features, one module each."""
