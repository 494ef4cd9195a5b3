"""Image sets: photos on disk or arrays in a file, decoded one at a time, with or without labels."""
