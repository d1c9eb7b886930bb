"""Functions on text: words, sentences, numbers, names and ids of documents, safe output. No files, no models."""
