"""Test vectors: written from a policy, for any implementation."""
