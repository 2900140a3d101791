"""Where everything in a picture stands, and how it looks."""
