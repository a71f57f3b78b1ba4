"""Numba's CUDA simulator, without the half of its time in which it only asks for ends."""

import time

from numba import config


def wait_patiently():
    """Let the simulator sleep a little between its questions to a thread; a device has none.

    It asks every thread of a block again and again whether it still runs, and takes the interpreter
    from the thread that does.
    """
    if not config.ENABLE_CUDASIM:
        return
    from numba.cuda.simulator.kernel import BlockThread

    asked = BlockThread.is_alive

    def is_alive(thread):
        if not thread.syncthreads_blocked:  # else it waits for the others, and is alive
            time.sleep(2e-5)
        return asked(thread)

    BlockThread.is_alive = is_alive
