"""The command line: a file a command; each parses, builds, runs, prints, and holds no policy."""
