"""What a model is led by: the context, hard limits, and leanings of its pitches."""
