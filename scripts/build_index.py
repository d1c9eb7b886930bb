"""Build the index from the documents in seeds/: the same as `qa build`, with its options."""

import sys

from qa.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["build", *sys.argv[1:]]))
