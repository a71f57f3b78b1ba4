"""Float32 values to Q8_0 blocks."""
