"""Q8_0 matrix times Q8_0 activations."""
