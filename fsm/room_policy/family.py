"""The family of rooms whose roles are their own, as far as the tools ask for it beside its rooms."""

from fsm.room_policy.lint import repair
from fsm.room_policy.lint.laws import LAWS

__all__ = ["LAWS", "REPAIRS"]

REPAIRS = repair
