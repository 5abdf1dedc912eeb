"""TensorFlow is imported without a word, unless it fails or somebody wants to hear."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def said(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_training_starts_without_a_word() -> None:
    started = said("import antiphon.train.fit.fit; print('here')")
    assert (started.returncode, started.stdout, started.stderr) == (0, "here\n", "")


def stand_in(folder: Path, code: str) -> str:
    (folder / "keras.py").write_text(code)
    (folder / "tensorflow.py").touch()
    return f"import sys; sys.path.insert(0, {str(folder)!r}); import antiphon.train.backend"


def test_what_is_asked_for_is_heard(tmp_path: Path) -> None:
    code = stand_in(tmp_path, "import os; os.write(2, b'hello')")
    assert said(code).stderr == ""
    assert said(code, TF_CPP_MIN_LOG_LEVEL="0").stderr == "hello"


def test_a_failure_is_heard(tmp_path: Path) -> None:
    assert "no such library" in said(stand_in(tmp_path, "raise ImportError('no such library')")).stderr


def test_advice_to_programmers_is_not_for_musicians() -> None:
    code = """
import logging
from antiphon.train.backend import tf
logging.basicConfig()
more = tf.function(lambda x: x + 1)
for length in range(12):
    more(tf.zeros(length))
logging.getLogger("tensorflow").warning("something else")
"""
    heard = said(code).stderr
    assert "something else" in heard and "retracing" not in heard
    assert "retracing" in said(code, TF_CPP_MIN_LOG_LEVEL="0").stderr
