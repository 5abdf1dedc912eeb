"""TensorFlow and Keras, imported without what they say to programmers; TF_CPP_MIN_LOG_LEVEL=0 shows that."""

from __future__ import annotations

import contextlib
import logging
import os

from ..models.silence import silence

_IS_TALKATIVE = os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0"

with contextlib.nullcontext() if _IS_TALKATIVE else silence():
    import keras
    import tensorflow as tf


def _concerns_users(record: logging.LogRecord) -> bool:
    """Whether it is not advice on our code: pieces of few different lengths are a graph each, as meant."""
    return "triggered tf.function retracing" not in str(record.msg)


if not _IS_TALKATIVE:
    logging.getLogger("tensorflow").addFilter(_concerns_users)

__all__ = ["keras", "tf"]
