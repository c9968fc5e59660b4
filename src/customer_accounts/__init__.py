"""Customer accounts for shop backends."""
