"""The two routes through Q4_K weights: one file a question."""
