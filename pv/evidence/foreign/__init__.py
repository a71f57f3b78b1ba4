"""Results of tests that ran elsewhere: read, matched to falsifiers, recorded as foreign."""
