"""The index: what retrieval may ask of it, and what a build notes beside it."""
