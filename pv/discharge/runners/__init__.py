"""One file for each kind of test: how it is started, and what its answer means."""
