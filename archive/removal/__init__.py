"""What is not handed out any more, and what is removed for good (docs/takedown.md)."""
