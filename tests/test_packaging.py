"""What is on the disk is in the package, and what is in the package is what a user needs."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
ROOMS = ("models", "train", "export", "bridge")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_with_modules_is_a_package() -> None:
    on_disk = {f"antiphon.{'.'.join(p.parent.relative_to(ROOT).parts)}"
               for room in ROOMS for p in (ROOT / room).rglob("*.py")}  # fmt: skip
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == on_disk


@pytest.mark.parametrize(
    ("system", "machine", "build"),
    [
        ("linux", "x86_64", "onnxruntime-gpu"),
        ("linux", "aarch64", "onnxruntime"),
        ("darwin", "arm64", "onnxruntime"),
        ("darwin", "x86_64", "onnxruntime"),
        ("win32", "AMD64", "onnxruntime-gpu"),
        ("win32", "ARM64", "onnxruntime"),
    ],
)
def test_each_computer_gets_the_one_onnxruntime_that_there_is_for_it(
    system: str, machine: str, build: str
) -> None:
    """The GPU build has no wheels but for x86-64, and both would overwrite each other's files."""
    here = {"sys_platform": system, "platform_machine": machine}
    own, extras = PROJECT["project"]["dependencies"], PROJECT["project"]["optional-dependencies"].values()
    for needed, wanted in (own, [build]), (chain(*extras), []):
        chosen = [r.name for r in map(Requirement, needed) if r.name.startswith("onnxruntime")
                  and (r.marker is None or r.marker.evaluate(here))]  # fmt: skip
        assert chosen == wanted


CLIENTS = {
    f"antiphon/{path.relative_to(ROOT)}" for path in (ROOT / "bridge/clients").rglob("*") if path.is_file()
}

MADE = "made/patchers/deep down/x.amxd"
"""A client that is not ours: folders within folders, a space, a file of a kind that no tool knows."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this folder, so that neither build folders are left behind nor old ones get in."""
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed, so no wheel can be built here")
    source = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    made = source / "bridge/clients" / MADE
    made.parent.mkdir(parents=True)
    made.write_bytes(b"ampf")
    return source


def build(kind: str, source: Path, out: Path) -> Path:
    """Build a wheel or an sdist; return the file."""
    code = f"import setuptools.build_meta as b, sys; print(b.build_{kind}(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(out)], cwd=source, check=True, capture_output=True)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel of this folder."""
    return set(zipfile.ZipFile(build("wheel", source, tmp_path_factory.mktemp("wheel"))).namelist())


def test_the_wheel_holds_what_a_musician_needs(wheel: set[str]) -> None:
    for pattern in ("models/*.onnx", "models/*.md", "train/configs/*.toml", "*/py.typed", "**/*.py"):
        wanted = {
            f"antiphon/{p.relative_to(ROOT)}"
            for p in ROOT.glob(pattern)
            if p.relative_to(ROOT).parts[0] in ROOMS
        }
        assert wanted, pattern
        assert wanted <= wheel


def test_the_wheel_holds_every_client(wheel: set[str]) -> None:
    assert len(CLIENTS) > 4
    assert {name for name in wheel if name.startswith("antiphon/bridge/clients/")} == CLIENTS | {
        f"antiphon/bridge/clients/{MADE}"
    }


def test_the_sdist_holds_every_client(source: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", source, tmp_path)) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {f"antiphon/{name}" for name in names} >= CLIENTS | {f"antiphon/bridge/clients/{MADE}"}


def test_clients_are_files_and_no_packages() -> None:
    """One per host, each with its card; Python in them would be imported by nobody."""
    folders = [path for path in (ROOT / "bridge/clients").iterdir() if path.is_dir()]
    assert [path.name for path in folders if not (path / "install.toml").is_file()] == []
    assert [name for name in CLIENTS if name.endswith((".py", ".pyc"))] == []


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
