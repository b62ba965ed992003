"""What a network's outputs on the test split say of it. NumPy alone."""
