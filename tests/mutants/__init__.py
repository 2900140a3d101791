"""Mutants of the rules: see `tests.mutants.__main__`."""
