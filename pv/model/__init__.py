"""The concepts of the contract language as frozen records, on the standard library alone."""
