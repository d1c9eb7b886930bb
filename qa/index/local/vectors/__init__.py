"""Vector stores: find the nearest passages by inner product, with one interface."""
