"""Become another program, unless the process that wanted it has died: ``guard.py PARENT PROGRAM [ARGUMENT ...]``.

The kernel tells of a parent's death only from the moment it is asked to; one that died just before goes unnoticed.
"""

import os
import sys

if __name__ == "__main__":
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the process that wanted this one has died")
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell wanted
