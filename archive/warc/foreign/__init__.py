"""Files of other writers in all their forms, read by offset as our own are."""
