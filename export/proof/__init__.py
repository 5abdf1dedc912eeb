"""What a file must show before it is packed: it does what Keras does."""
