"""An archive held against its own statements: bytes, rows, texts and acts (`presskeep verify`)."""
