"""Ask whether locked dependencies have known holes: `python .ci/known_holes.py requirements/run.txt`.

Ends with 1 where one has. Where the service that knows does not answer, that is said, and nothing is claimed.
"""

from __future__ import annotations

import json
import subprocess
import sys

_SECONDS = 300


def main(requirements: str) -> int:
    """The exit status."""
    options = ["--disable-pip", "--require-hashes", "--format=json", "--timeout=10", "-r", requirements]
    try:
        audit = subprocess.run(
            [sys.executable, "-m", "pip_audit", *options], capture_output=True, text=True, timeout=_SECONDS
        )
        dependencies = json.loads(audit.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        print("NOT AUDITED: the service that knows of holes does not answer; no dependency was looked up.")
        return 0
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    holes = [(each, hole) for each in dependencies for hole in each.get("vulns", ())]
    for each, hole in holes:
        print(f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}")
    if unknown:
        print(f"NOT AUDITED: {len(unknown)} of {len(dependencies)} dependencies, which the service does not know.")
    print(f"{len(dependencies) - len(unknown)} dependencies looked up, {len(holes)} known holes.")
    return 1 if holes else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
