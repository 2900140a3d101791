"""The version of this package. Hatch reads it here."""

__version__ = "0.1.0"
