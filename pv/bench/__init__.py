"""Speed of kernels, on the processor or on a device, against what the same machine can move."""
