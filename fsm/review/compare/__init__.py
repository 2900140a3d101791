"""What two policies, or many, decide differently."""
