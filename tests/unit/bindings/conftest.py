"""The fixture is a tree to be read: its tests are never collected or run."""

collect_ignore = ["fixture"]
