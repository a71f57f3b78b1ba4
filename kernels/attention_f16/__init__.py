"""Attention over float16 keys and values, and the gate of a feed-forward, in ggml's float order."""
