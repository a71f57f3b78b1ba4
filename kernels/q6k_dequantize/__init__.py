"""Q6_K blocks to float32 weights."""
