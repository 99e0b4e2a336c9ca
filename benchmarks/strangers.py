"""The raw table of strangers.md: packages of the package index, their losses, and what the default rules say of them.

usage: python benchmarks/strangers.py NAME[==VERSION] ...

Each package is fetched by pip into a temporary folder, without what it depends on, unpacked and scanned where it lies.
Findings follow the table, one a line, for a reader to judge.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scan:
    """What one package holds; places are relative to its root."""

    package: str
    version: str
    files: int
    losses: int
    findings: tuple[str, ...]


def fetched(requirement: str, folder: Path) -> Path:
    """The archive of a package: a wheel where there is one, else the source, whose build script pip then runs.

    Raises
    ------
    FileNotFoundError
        If pip finds neither.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    for form in (["--only-binary", ":all:"], ["--no-binary", ":all:"]):
        subprocess.run([*command, *form, requirement], check=False, capture_output=True)
        for archive in folder.iterdir():
            return archive
    raise FileNotFoundError(requirement)


def scanned(archive: Path, root: Path) -> Scan:
    """Unpacks an archive into an empty folder and scans it with the default rules."""
    shutil.unpack_archive(archive, root, "zip" if archive.suffix == ".whl" else None)
    command = [sys.executable, "-m", "losslint", "check", "--isolated", "--no-cache", "--exit-zero", "--output-format", "json", "."]
    report = json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)
    name = archive.name.removesuffix(".tar.gz")
    package, version = name.split("-")[:2] if archive.suffix == ".whl" else name.rsplit("-", 1)
    lines = tuple(f"{found['path']}:{found['line']} {found['code']} {found['message']}" for found in report["findings"])
    return Scan(package, version, report["summary"]["files"], report["summary"]["losses"], lines)


def main() -> None:
    """Prints the table, then every finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packages", nargs="+")
    scans: list[Scan] = []
    print("| package | version | files | losses | findings |\n|---|---|---|---|---|")
    for requirement in parser.parse_args().packages:
        with tempfile.TemporaryDirectory() as folder:
            archives, root = Path(folder, "archive"), Path(folder, "package")
            archives.mkdir()
            root.mkdir()
            try:
                scan = scanned(fetched(requirement, archives), root)
            except FileNotFoundError:
                print(f"| {requirement} | not found | – | – | – |")
                continue
        scans.append(scan)
        print(f"| {scan.package} | {scan.version} | {scan.files} | {scan.losses} | {len(scan.findings)} |", flush=True)
    for scan in scans:
        for line in scan.findings:
            print(f"{scan.package}: {line}")


if __name__ == "__main__":
    main()
