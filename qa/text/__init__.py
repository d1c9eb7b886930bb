"""What a text consists of: sentences, words, spelling. No files, no models."""
