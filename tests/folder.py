"""What a folder holds, for tests that compare before and after."""

from __future__ import annotations

from pathlib import Path


def state(folder: Path) -> dict[str, str]:
    """Return everything below a folder: what files hold, where links lead."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink()
        else path.read_text() if path.is_file() else "/"
        for path in folder.rglob("*")
    }  # fmt: skip
