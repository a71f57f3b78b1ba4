"""Float32 activations to Q8_K, in the two conventions that must not be mixed."""
