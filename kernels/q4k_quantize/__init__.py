"""Float32 weights to Q4_K blocks."""
