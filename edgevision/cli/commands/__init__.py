"""One file a command: parse, call the API, render."""
