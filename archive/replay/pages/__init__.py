"""The archive for people: pages that are made of its texts, never of its markup."""
