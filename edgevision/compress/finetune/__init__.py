"""Fine-tuning of a smaller model by knowledge distillation from the original."""
