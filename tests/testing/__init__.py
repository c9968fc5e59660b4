"""Tests of what hosts use in their own tests."""
