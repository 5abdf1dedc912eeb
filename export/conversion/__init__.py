"""From the step graph to ONNX: fewer nodes, 8-bit weights."""
