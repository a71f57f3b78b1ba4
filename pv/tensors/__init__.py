"""Model files: GGUF headers read with bounds checks, read-only tensor views, digests, registry."""
