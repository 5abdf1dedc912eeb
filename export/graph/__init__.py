"""A trained network as one step, in TensorFlow."""
