"""The command line: one file a command; each parses, builds, runs and prints, and holds no policy."""
