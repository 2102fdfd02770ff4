"""What each kind of broker says of itself, as data: one row a series of ours, with where it comes from."""
