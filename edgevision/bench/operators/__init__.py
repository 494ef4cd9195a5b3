"""Where the time goes within a model."""
