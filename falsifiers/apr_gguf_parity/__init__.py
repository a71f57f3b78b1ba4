"""One model file, two engines: whether both compute the same, layer by layer.

The sides are the two engines of this project, reference and production, over one file.
"""
