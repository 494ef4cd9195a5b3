"""What each kind of layer does with channels."""
