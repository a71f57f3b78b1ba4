"""What a whole model file holds, computes and says next."""
