"""Which channels matter least, and what is left when they go."""
