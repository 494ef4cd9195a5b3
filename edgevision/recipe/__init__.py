"""What to make of a model, as data: recipes by name or from a TOML file."""
