"""The catalogue: what the WARC files hold, as rows of SQLite; derived from them, and made again from them alone."""
