"""MIMI rooms: the events, facts and policies of draft-ralston-mimi-policy."""
