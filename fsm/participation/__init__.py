"""What protocols share in which users are invited, join, leave, are banned and knock: MIMI and Matrix."""
