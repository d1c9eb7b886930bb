"""An index on several machines: shards, each a group of segments, answer together as one process would."""
