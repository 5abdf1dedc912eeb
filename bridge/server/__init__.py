"""The network: datagrams in, sessions, datagrams out, and limits on what strangers can make grow."""
