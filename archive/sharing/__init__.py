"""What is handed on to other tools: the index of an archive (CDXJ), and packages of it (WACZ)."""
