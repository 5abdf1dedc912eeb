"""TensorFlow and Keras, imported without what it prints meanwhile; TF_CPP_MIN_LOG_LEVEL=0 shows that."""

from __future__ import annotations

import contextlib
import os

from ..models.silence import silence

with contextlib.nullcontext() if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0" else silence():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
