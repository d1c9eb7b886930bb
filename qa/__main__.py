"""`python -m qa`: the command line."""

import sys

from qa.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
