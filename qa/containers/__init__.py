"""Files that hold documents: zipped folders and the attachments of messages."""
