"""Run the experiments of a fleet, each as a person would, and write what came of them as a table.

Each is one ``gridobs fleet simulate --json``. Exit status 1 if a target was missed. ``--quick`` takes small fleets in
a hurry: that everything runs, and facts such as numbers of notifications; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--sites=50", "--interval=3s", "--hurry=5", "--for=10s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One run; ``name`` is in the table, ``arguments`` are those of the command."""

    name: str
    arguments: tuple[str, ...]


EXPERIMENTS = (
    Experiment(name="steady", arguments=("--for=10m",)),
    Experiment(name="steady-tls", arguments=("--for=10m", "--tls")),
    Experiment(name="five-thousand", arguments=("--for=10m", "--sites=5000", "--interval=60s")),
    *(
        Experiment(name=name, arguments=(f"--scenario={name}",))
        for name in (
            "site-outage-refused",
            "site-outage-hung",
            "site-outage-lossy",
            "region-outage",
            "hub-uplink",
            "flapping",
            "slow-links",
            "hostile-edge",
            "garbage",
            "huge-bodies",
            "clock-skew",
        )
    ),
)


def simulate(experiment: Experiment, *, quick: bool) -> dict[str, Any]:
    """What the command said; its own words where it gave no result."""
    scenario = tuple(one for one in experiment.arguments if one.startswith(("--scenario", "--tls")))
    arguments = (*QUICK, *scenario) if quick else experiment.arguments
    command = [sys.executable, "-m", "gridobs", "fleet", "simulate", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    result: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"met": False, "error": done.stderr.strip()}
    return {"experiment": experiment.name, "command": " ".join(["gridobs fleet simulate", *arguments]), **result}


def table(result: dict[str, Any]) -> str:
    """One experiment as a table of Markdown."""
    lines = [f"### {result['experiment']}", f"`{result['command']}`", ""]
    if "error" in result:
        return "\n".join([*lines, result["error"], "", ""])
    figures = result["figures"]
    lines += ["| what | target | found | |", "|---|---|---|---|"]
    lines += [
        f"| {check['what']} | {check['target']} | {check['found']} | {_word(check['met'])} |"
        for check in result["checks"]
    ]
    beside = (
        f"{figures['seconds']:.0f} s, {figures['samples_rate']:.0f} samples/s, edges {figures['edges_cpu']:.1%} of a "
        f"core, {figures['wire_rate']:.0f} B/s of one site with the heads of HTTP, load {figures['load'][0]:.1f} to "
        f"{figures['load'][1]:.1f}"
    )
    return "\n".join([*lines, "", beside, "", ""])


def main() -> None:
    names = [one.name for one in EXPERIMENTS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", choices=names, help=f"one of: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="small fleets in a hurry; the figures mean nothing")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results there as well")
    arguments = parser.parse_args()

    sys.stdout.write(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}\n\n")
    results = []
    for experiment in EXPERIMENTS:
        if arguments.only and experiment.name not in arguments.only:
            continue
        results.append(simulate(experiment, quick=arguments.quick))
        sys.stdout.write(table(results[-1]))
        sys.stdout.flush()
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if all(result["met"] for result in results) else 1)


def _word(met: bool | None) -> str:  # noqa: FBT001 - it is one of three
    return {True: "met", False: "missed", None: ""}[met]


if __name__ == "__main__":
    main()
