"""What the CUDA kernels of all operations share: rounding, warp sums, copies to a device."""
