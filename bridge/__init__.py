"""From a model file to notes over OSC: engine, session, server, command line."""
