"""The only application of the peer."""
