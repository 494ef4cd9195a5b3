"""From frame to result: the threads, what stands between them, and the model."""
