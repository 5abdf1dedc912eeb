"""One client's side of the conversation: messages in, messages out. No sockets, no threads."""
