"""Where results go: lines, pages, brokers, pictures on disk."""
