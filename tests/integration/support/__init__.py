"""What the integration tests share: servers as processes, a client made of raw frames, tree dumps."""
