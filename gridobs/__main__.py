"""``python -m gridobs`` is ``gridobs``."""

from gridobs.cli import main

main()
