"""What publishers change in stories that are out already: edits between editions, and what kind each is of."""
