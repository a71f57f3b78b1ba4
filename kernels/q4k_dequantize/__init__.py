"""Q4_K blocks to float32 weights."""
