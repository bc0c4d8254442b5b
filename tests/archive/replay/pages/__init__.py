"""Pages for people, rendered and read again."""
