"""What a network has learned, held against baselines."""
