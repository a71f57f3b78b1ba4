"""Q8_0 blocks to float32 weights."""
