"""What is fetched because somebody sent its address."""
