"""What assistants get over the Model Context Protocol."""
