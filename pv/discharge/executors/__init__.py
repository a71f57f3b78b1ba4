"""How a harness is run; each way is imported when it is chosen."""
