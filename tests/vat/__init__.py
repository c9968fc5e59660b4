"""Tests of the VAT rules."""
