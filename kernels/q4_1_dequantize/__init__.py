"""Q4_1 blocks to float32 weights."""
