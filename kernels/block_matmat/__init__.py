"""Quantised matrix of any stored type times several vectors of quantised activations."""
