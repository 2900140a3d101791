"""The explorer: a page on which every case of a policy can be tried, and played in a room."""

from fsm.render.explorer.page import to_page

__all__ = ["to_page"]
