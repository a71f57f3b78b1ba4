"""The Q4_K and Q8_K kernels against independent scalar formulations and against ggml."""
