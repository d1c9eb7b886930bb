"""Chunk and embed the documents in seeds/ into the index: the same as `qa build`, and with its options."""

import sys

from qa.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["build", *sys.argv[1:]]))
