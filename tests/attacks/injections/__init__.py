"""Results of tools that try to be something else: a corpus, and what becomes of each on the way to the model."""
