"""`python -m hpsearch` is `hpsearch`."""

from hpsearch.cli.main import main
from hpsearch.leaving import leave

if __name__ == "__main__":
    try:
        main()
    except SystemExit as ended:
        # An interrupt that struck within an `exec`, of which imports are full, has Python end `-m` by a signal.
        if ended.code == 130:
            leave(130)
        raise
