"""The one codec between frozen dataclasses and JSON or TOML: typed, bounded, refused by path."""
