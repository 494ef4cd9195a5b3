"""Options that commands share, with one spelling and one meaning."""
