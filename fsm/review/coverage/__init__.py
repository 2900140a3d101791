"""How much of a policy somebody's tests have seen."""
