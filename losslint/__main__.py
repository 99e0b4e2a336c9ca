"""`python -m losslint`."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder it is started in: files that are checked must not be imported in place of libraries
    from losslint.cli import main

    main()
