"""Review of policies: proof, comparison, and logs that show what was found."""
