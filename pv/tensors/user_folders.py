"""The user's folders for configuration and caches, and files there that are never half-written."""

from __future__ import annotations

import os
from pathlib import Path

from pv.errors import UsageError
from pv.files import replace_file


def config_folder() -> Path:
    """Return the folder for configuration: `PV_CONFIG_DIR` where set, else the platform's."""
    return _folder("PV_CONFIG_DIR", "user_config_path")


def cache_folder() -> Path:
    """Return the folder for caches: `PV_CACHE_DIR` where set, else the platform's."""
    return _folder("PV_CACHE_DIR", "user_cache_path")


def _folder(variable: str, platform_name: str) -> Path:
    named = os.environ.get(variable)
    if named:
        return Path(named)
    import platformdirs  # noqa: PLC0415 - only commands that use a model need it

    return Path(getattr(platformdirs, platform_name)("pv", appauthor=False))


def real_path(path: Path) -> Path:
    """Return the absolute path without links; a loop of links stays, for `open` to complain."""
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError on a loop


def write_atomically(path: Path, text: str) -> None:
    """Replace a file as a whole; its folder is made, for the user alone. Raises `UsageError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text.encode(), mode=0o600)
    except OSError as fault:
        raise UsageError(
            f"{path}: cannot be written: {fault.strerror}",
            advice="check the folder's permissions and free space",
        ) from None
