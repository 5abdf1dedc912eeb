"""Model files at hand, and ONNX Runtime stepping them."""
