"""What each exit code means; one meaning each."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    """What was asked for holds."""
    FINDINGS = 1
    """Findings, or a falsifier refuted."""
    USAGE = 2
    """The command, its options or the configuration cannot be carried out as given."""
    NO_VERDICT = 3
    """Nothing was judged: nothing found, model or device missing, a guard tripped."""
    INTERNAL = 4
    """A defect of `pv` itself."""
    INTERRUPTED = 130
    """Ended by the user (Ctrl-C): what a shell says of such a program, and never a verdict."""
