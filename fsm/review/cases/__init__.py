"""Sets of questions that a policy can be asked, and how they are said."""
