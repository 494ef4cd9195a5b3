"""Classification: one class an image, from a softmax, logits, sigmoids or one sigmoid unit."""
