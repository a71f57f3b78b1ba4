"""Float32 weights to Q4_1 blocks."""
