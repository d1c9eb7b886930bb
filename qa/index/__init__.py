"""The index: the contract for retrieval, its implementations, and the files that a build writes beside it."""
