"""A policy's decisions over a whole history."""
