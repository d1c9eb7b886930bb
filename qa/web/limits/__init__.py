"""What limits requests and connections."""
