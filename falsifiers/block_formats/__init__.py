"""The kernels for Q6_K, Q8_0, Q8_1 and Q4_1 against ggml and against exact arithmetic."""
