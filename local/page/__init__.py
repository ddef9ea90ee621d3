"""The local page of the demonstration: the chat as agents see it, and what the desk covers."""
