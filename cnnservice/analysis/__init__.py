"""What a network's outputs on the test split, and its filters, say of it. NumPy alone."""
