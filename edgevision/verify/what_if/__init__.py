"""What would help: the file made again with one thing changed."""
