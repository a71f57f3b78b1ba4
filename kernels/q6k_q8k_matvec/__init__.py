"""Q6_K matrix times Q8_K activations: exact integer dot products, scaled in float."""
