"""Tests that run: of other implementations, and those written as data."""
