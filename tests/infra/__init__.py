"""The templates and the package, without Azure."""
