"""Multi-label classification: each label is there or not, whatever the others are."""
