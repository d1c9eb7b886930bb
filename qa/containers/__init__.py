"""Files that contain documents: zipped folders, and messages with attachments."""
