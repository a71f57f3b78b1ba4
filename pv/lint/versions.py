"""Where the version of a contract stands, and how versions compare."""

from __future__ import annotations

from collections.abc import Mapping

from pv.model.contract import Contract, Path
from pv.registry.versions import Version, parse_version

__all__ = ["Version", "parse_version", "version_path"]


def version_path(contract: Contract) -> Path:
    """Return where the version of a contract stands: in its metadata, or at the top."""
    metadata = contract.data.get("metadata")
    inside = isinstance(metadata, Mapping) and "version" in metadata
    return ("metadata", "version") if inside else ("version",)
