"""``python3 -m tests.infra.snapshots`` writes the committed snapshots anew: what each parameter file would make.

They are those of ``bicep snapshot``, with the outputs in order, which it writes in any.
"""

from __future__ import annotations

import json
from collections import Counter

from tests.infra.templates import INFRA, Templates


def main() -> None:
    """Write all, and count the resources by type."""
    for name, snapshot in Templates().snapshots.items():
        snapshot["outputs"] = dict(sorted(snapshot["outputs"].items()))
        text = json.dumps(snapshot, indent=2, ensure_ascii=False) + "\n"
        (INFRA / f"{name}.snapshot.json").write_text(text, encoding="utf-8")
        print(f"{name}.bicepparam")
        kinds = Counter(resource["type"] for resource in snapshot["predictedResources"])
        for kind, count in sorted(kinds.items()):
            print(f"  {count:>2}  {kind}")


if __name__ == "__main__":
    main()
