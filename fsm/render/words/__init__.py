"""The words on and around pictures."""
