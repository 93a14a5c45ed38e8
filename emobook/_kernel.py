"""Start the kernel of one notebook: `python -m emobook._kernel -f CONNECTION_FILE`.

Importing this package has begun the trace (see `emobook._trace`) before the first cell runs. The
module stands outside `emobook.run`: a kernel that imported the runner would run every notebook
again whenever the runner changes.
"""

import ctypes
import os
import signal
import sys


def die_with_parent() -> None:
    """Never outlive the process that started this kernel, even one killed with -9.

    ipykernel looks for its parent once a second, but only when it is up; on Linux the system
    itself is asked, and a parent that died in between is noticed at once.
    """
    parent = os.environ.get("JPY_PARENT_PID")
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if parent and parent != "1" and os.getppid() != int(parent):
        os._exit(1)


if __name__ == "__main__":
    die_with_parent()
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()
