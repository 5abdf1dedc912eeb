"""The model file: its manifest, its step's inputs and outputs, and how it is read and checked."""
