"""What can go wrong in a review, as opposed to what a review finds."""

from fsm.errors import PolicyError


class ReviewError(PolicyError):
    """A review cannot be made."""
