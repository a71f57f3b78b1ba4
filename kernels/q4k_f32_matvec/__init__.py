"""Q4_K matrix times float32 vector: dequantise, then multiply and add."""
