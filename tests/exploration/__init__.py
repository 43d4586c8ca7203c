"""The real turn code under a scheduler that owns every await, explored state by state."""
