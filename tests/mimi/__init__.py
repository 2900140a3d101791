"""The tests of the MIMI family."""
