"""The process of `pv`: what `python -m pv` and the script of that name run."""

import gc
import sys


def main() -> None:
    """Run the command line as the one thing that this process does, and end it."""
    # Modules, nodes and records live to the end and hold hardly a cycle: scans for garbage would
    # take a quarter of a short run, the last two of them when the interpreter winds down.
    gc.set_threshold(100_000, 50, 100)
    from pv.cli.headstart import begun  # noqa: PLC0415 - its imports are what would be scanned

    try:
        with begun(sys.argv[1:]):
            from pv.cli.main import run  # noqa: PLC0415 - beside the start of what was begun

            run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
