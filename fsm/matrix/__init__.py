"""Matrix rooms: the events, facts and policies of room versions 1 to 12."""
