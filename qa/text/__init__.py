"""Words and sentences, names and ids of documents, and foreign text made safe to show. No models."""
