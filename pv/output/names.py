"""The names of the formats: all that a command line has to know before it runs."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"
    AUTO = "auto"
    """GITHUB in GitHub Actions, else TEXT: replaced before anything is written."""
