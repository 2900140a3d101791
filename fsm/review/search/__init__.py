"""Logs that lead to a question, found by playing small rooms."""
