"""Forward passes over memory-mapped models, and the teacher files they run on."""
