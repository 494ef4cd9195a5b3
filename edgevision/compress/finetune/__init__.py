"""Fine-tuning a smaller model on the answers of the original."""
