"""What damage leaves, put right file by file (`presskeep repair`)."""
