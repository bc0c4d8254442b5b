"""Replay: what the archive holds, over HTTP, read-only (docs/replay.md)."""
