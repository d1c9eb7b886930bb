"""Limits on connections, requests, replies, and work per client address."""
