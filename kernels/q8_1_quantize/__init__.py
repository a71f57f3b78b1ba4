"""Float32 activations to Q8_1 blocks, which carry the sum of their quants."""
