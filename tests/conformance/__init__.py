"""One suite for the doubles of the handler tests and for the real parts that they stand for."""
