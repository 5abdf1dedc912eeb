"""What music and a model are: notes, scores, MIDI, the note codec, the model file."""
