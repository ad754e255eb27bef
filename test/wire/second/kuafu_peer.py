"""A second implementation of the wire protocol of Kuafu, written against docs/protocol.md and its vectors.

    python3 kuafu_peer.py vectors FOLDER
    python3 kuafu_peer.py connect HOST PORT --cluster NAME --key-file FILE --role user --id 901 --shard 9 ...

Standard library only. `vectors` runs the test vectors and exits with 1 on any fault. `connect` joins a cluster as a
leaf and prints one JSON object per line of what it sees; see leaf.py.
"""

import argparse
import sys

sys.dont_write_bytecode = True

import check_vectors  # noqa: E402
import leaf  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="kuafu_peer.py")
    modes = parser.add_subparsers(dest="mode", required=True)
    vectors = modes.add_parser("vectors", help="run the test vectors")
    vectors.add_argument("folder")
    leaf.add_arguments(modes.add_parser("connect", help="join a cluster as a leaf"))
    options = parser.parse_args()
    if options.mode == "connect":
        return leaf.run(options)
    checks = check_vectors.run(options.folder)
    for fault in checks.faults[:50]:
        print(fault)
    print(f"{checks.count} checks, {len(checks.faults)} faults")
    return 1 if checks.faults else 0


if __name__ == "__main__":
    sys.exit(main())
