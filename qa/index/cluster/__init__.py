"""An index on several machines, divided into shards; their combined answer equals that of one process."""
