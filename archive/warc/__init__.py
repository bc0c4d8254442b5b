"""WARC files in and out: the truth of an archive (docs/warc-profile.md)."""
