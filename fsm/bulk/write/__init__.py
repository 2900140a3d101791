"""Tables that are written, and histories that are made up."""
