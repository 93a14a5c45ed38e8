"""`python -m emobook` is the command line."""

import sys

from emobook.cli import main

sys.exit(main())
