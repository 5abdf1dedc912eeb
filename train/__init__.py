"""From a corpus to a trained network: prepare, train, evaluate."""
