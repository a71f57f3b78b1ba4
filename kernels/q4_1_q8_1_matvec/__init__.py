"""Q4_1 matrix times Q8_1 activations."""
