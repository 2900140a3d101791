"""The tests mirror the package: one file for each module, tables of cases first."""
