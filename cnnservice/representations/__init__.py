"""What a network makes of many images, laid out in the plane and compared: pure functions of (n, d) arrays."""
