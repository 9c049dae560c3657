"""A small shop, composed several ways: the same handlers over different placements of state."""
