#!/usr/bin/env python3
"""Damaged and hostile TorchScript files: each must give an error (or run) quickly, in little memory, never crash.

    damaged.py THANE MODEL.pt…
"""

import io
import random
import re
import resource
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CPU_SECONDS, BYTES = 60, 3 << 30  # of the process's own time: the machine may be busy
FINE = {0, 1, 2, 3}  # done, or an error with a message

HOSTILE = {
    "endless loop": "x0 = 1\n    while True:\n      x0 = torch.add(x0, 1)",
    "long loop": "x0 = 1\n    for i in range(4611686018427387904):\n      x0 = torch.mul(x0, 3)",
    "recursion": "x0 = (self).forward(x, )",
    "growing list": "l = [1]\n    for i in range(100):\n      l = torch.add(l, l)",
    "growing string": "s = \"ab\"\n    for i in range(100):\n      s = torch.add(s, s)",
    "repeated list": "l = torch.mul([1, 2], 9223372036854775807)",
    "huge tensor": "x0 = torch.add(x, torch.zeros([1099511627776, 1099511627776]))",
    "negative size": "x0 = torch.zeros([-1])",
    "nested lists": "l = annotate(List[int], [])\n    for i in range(100000):\n      l = [l]\n    torch.format(\"{}\", l)",
    "a list in itself": "l = annotate(List[Tensor], [])\n    torch.append(l, l)\n    torch.format(\"{}\", l)\n    m = torch.eq(l, l)",
    "division": "x0 = torch.floordiv(-9223372036854775808, -1)\n    x1 = torch.remainder(5, 0)",
    "deep expression": "x0 = " + "torch.neg(" * 400 + "1" + ")" * 400,
    "deep blocks": "".join("\n" + " " * (4 + i) + "if x:" for i in range(260)) + " pass",
    "data loop": "n = int(torch.sum(x))\n    l = annotate(List[Tensor], [])\n    while torch.gt(n, 0):\n      torch.append(l, x)\n      x = l\n      n = x",
    "constants": "x0 = CONSTANTS.c99999999999999999999",
    "unpacking": "a, b, = 1",
    "names": "x0 = y\n    x1 = __torch__.no.where(x)",
}

SOURCE = """class M(Module):
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    {}
    return x
"""


def archive(members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


def hostile():
    # A module without attributes: GLOBAL, empty tuple, NEWOBJ, empty dict, BUILD.
    pickle = b"\x80\x02c__torch__\nM\n)\x81}b."
    for name, body in HOSTILE.items():
        yield name, archive({"m/data.pkl": pickle, "m/version": "3\n", "m/code/__torch__.py": SOURCE.format(body)})


def damaged(path, chance):
    data = path.read_bytes()
    for _ in range(25):
        yield f"{path.name}, cut", data[: chance.randrange(len(data))]
    for _ in range(40):
        bytes_ = bytearray(data)
        for _ in range(chance.randrange(1, 6)):
            bytes_[chance.randrange(len(data))] = chance.randrange(256)
        yield f"{path.name}, other bytes", bytes(bytes_)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    code = [name for name in members if name.endswith(".py")]
    for _ in range(60):
        changed, name = dict(members), chance.choice(code)
        tokens = re.findall(r"\w+|\s+|[^\w\s]", changed[name].decode())
        for _ in range(chance.randrange(1, 4)):
            i, j = chance.randrange(len(tokens)), chance.randrange(len(tokens))
            tokens[i] = chance.choice(["", tokens[j], tokens[i] * 2, "-1", "None", "[]", "(", "9223372036854775807"])
        changed[name] = "".join(tokens).encode()
        yield f"{path.name}, other code", archive(changed)
    for _ in range(25):
        changed = dict(members)
        pickle = bytearray(changed[next(n for n in members if n.endswith("data.pkl"))])
        pickle[chance.randrange(len(pickle))] = chance.randrange(256)
        changed[next(n for n in members if n.endswith("data.pkl"))] = bytes(pickle)
        yield f"{path.name}, other pickle", archive(changed)


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def main():
    thane, chance = sys.argv[1], random.Random(7)
    cases = list(hostile())
    for path in sys.argv[2:]:
        cases += damaged(Path(path), chance)
    failed, ran = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.pt")
        for number, (what, data) in enumerate(cases):
            file.write_bytes(data)
            command = [thane, "run", str(file), "-i", "random", "-s", "1x1x8x8", "--threads", "1"]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", preexec_fn=limit, check=False)
            problem = None if done.returncode in FINE else f"exit {done.returncode}"
            if done.returncode > 1 and not done.stderr.strip():
                problem = "an error without a message"
            ran += done.returncode == 0
            if problem:
                failed += 1
                kept = Path(tempfile.gettempdir(), f"thane-damaged-{number}.pt")
                kept.write_bytes(data)
                print(f"{what}: {problem} ({kept})")
    print(f"{len(cases)} files, {ran} ran, {failed} broke a limit")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
