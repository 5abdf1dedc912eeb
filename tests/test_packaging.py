"""What is on the disk is in the package, and what is in the package is what a user needs."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("models", "train", "export", "bridge")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_with_modules_is_a_package() -> None:
    on_disk = {f"antiphon.{'.'.join(p.parent.relative_to(ROOT).parts)}"
               for room in ROOMS for p in (ROOT / room).rglob("*.py")}  # fmt: skip
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == on_disk


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel of this folder."""
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed, so no wheel can be built here")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    # A copy, so that neither build folders are left behind nor old ones get in.
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [
        sys.executable,
        "-c",
        "import setuptools.build_meta as b, sys; print(b.build_wheel(sys.argv[1]))",
    ]
    subprocess.run([*command, str(out)], cwd=source, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_the_wheel_holds_what_a_musician_needs(wheel: set[str]) -> None:
    clients = {f"antiphon/{p.relative_to(ROOT)}" for p in (ROOT / "bridge/clients").rglob("*") if p.is_file()}
    assert len(clients) > 4
    assert clients <= wheel
    for pattern in ("models/*.onnx", "models/*.md", "train/configs/*.toml", "*/py.typed", "*/*.py"):
        wanted = {
            f"antiphon/{p.relative_to(ROOT)}"
            for p in ROOT.glob(pattern)
            if p.parts[-2] in (*ROOMS, "configs")
        }
        assert wanted, pattern
        assert wanted <= wheel


def test_three_models_ship_below_12_mb() -> None:
    sizes = {path.stem: path.stat().st_size for path in (ROOT / "models").glob("*.onnx")}
    assert set(sizes) >= {"folk", "chorale", "drums"}
    assert max(sizes.values()) < 12e6
    assert all((ROOT / "models" / f"{name}.md").is_file() for name in sizes)


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"antiphon"}
    assert {name.split("/")[1] for name in wheel if ".dist-info/" not in name} == set(ROOMS)
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_each_dependency_has_its_reason() -> None:
    """A comment stands above each dependency or group of them."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    at = lines.index("dependencies = [") + 1
    assert lines[at].strip().startswith("#")
    last = lines.index("]", at)
    bare = [line for before, line in zip(lines[at - 1 :], lines[at:last], strict=False)
            if line.strip().startswith('"') and not before.strip().startswith(("#", '"'))]  # fmt: skip
    assert not bare
