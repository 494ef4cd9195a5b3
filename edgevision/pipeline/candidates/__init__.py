"""Files on their way into the folder of `optimize`: made, evaluated, and packaged with a card."""
