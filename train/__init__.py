"""From a corpus to a trained network: prepare, train, evaluate."""

import os

# Before TensorFlow is imported: its greetings are not for musicians, its errors still come through.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
