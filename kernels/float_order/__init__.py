"""What stands between the products of a layer: attention, norm, rotation, gate in ggml's order."""
