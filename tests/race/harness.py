"""A scratch data folder, a made-up engine in it, and a look at what is left behind."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ["THANE_BINARY"]
SOURCE = pathlib.Path(os.environ["THANE_SOURCE"])
DIGITS = SOURCE / "examples/digits"
HERE = pathlib.Path(__file__).parent


def of_somebody_else(pid):
    """Whether a worker belongs to another run of the program, which is at work beside this test."""
    def about(pid):
        try:
            parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            return parent, os.readlink(f"/proc/{parent}/exe")
        except OSError:
            return 0, ""
    parent, exe = about(pid)
    if exe != os.path.realpath(BINARY):
        return False  # an orphan
    while parent > 1 and parent != os.getpid():
        parent, _ = about(parent)
    return parent != os.getpid()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="thane_race_")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.home = self.folder / "home"

    def environment(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("THANE_")}
        return {**kept, "THANE_HOME": str(self.home)}

    def thane(self, *arguments, code=0, timeout=120):
        done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, timeout=timeout, env=self.environment())
        out, err = done.stdout.decode(), done.stderr.decode()
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(done.returncode, codes, f"{arguments}\n{out}\n{err}")
        return out, err

    def json(self, *arguments, code=0):
        return json.loads(self.thane(*arguments, "--json", code=code)[0])

    def fake(self, mode="ok", engine="onnxruntime"):
        """Registers the made-up interpreter as an engine, behaving as `mode` says."""
        folder = self.folder / "fake"
        folder.mkdir(exist_ok=True)
        program = folder / "python"
        program.write_text(f"#!{sys.executable} -B\n" + (HERE / "fake_python.py").read_text().split("\n", 1)[1])
        program.chmod(0o755)
        shutil.copy(DIGITS / "expected.npy", folder)
        (folder / "mode").write_text(mode)
        self.thane("engines", "add", engine, "--python", program)
        return folder

    def race(self, *arguments, code=0, timeout=3, processes=2):
        return self.json("bench", DIGITS / "digits.onnx", "-i", DIGITS / "digits.npy", "-e", "native,onnxruntime", "-t", "0.3",
                         "--processes", processes, "--timeout", timeout, *arguments, code=code)

    def leftovers(self):
        """Processes that still run something of ours, and files outside what is meant to stay."""
        left = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                exe = os.readlink(entry / "exe")
            except OSError:
                continue
            worker = b"__worker" in command and exe == os.path.realpath(BINARY) and not of_somebody_else(int(entry.name))
            ours = str(self.folder).encode() in b" ".join(command) or worker
            if ours and state != "Z":
                left.append(command)
        scratch = self.home / "scratch"
        left += [str(path) for path in scratch.rglob("*")] if scratch.exists() else []
        return left

    def assert_clean(self):
        for _ in range(100):
            if not (left := self.leftovers()):
                return
            time.sleep(0.05)
        self.fail(f"left behind: {left}")


def standing(result, label):
    return next(s for s in result["standings"] if s["label"] == label)
