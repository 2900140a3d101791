"""Histories, read piece by piece."""
