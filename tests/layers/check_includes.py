#!/usr/bin/env python3
"""Checks every #include below src/ against the arrows between rooms, and what instruction-set files may include.

The arrows are those of docs/ARCHITECTURE.md. A room includes its own headers and those of rooms downstream of it.
"""
import pathlib
import re
import sys

DIRECT = {
    "base": [],
    "ir": ["base"],
    "kernels": ["base"],
    "ops": ["ir", "kernels"],
    "formats": ["ops"],
    "passes": ["ops"],
    "engine": ["ops"],
    "api": ["formats", "passes", "engine"],
    "rivals": ["base"],
    "bench": ["api", "rivals"],
    "cli": ["bench"],
}
# Files compiled for one instruction set must not pull in inline library code: the linker might keep that copy for everyone.
ISA_SYSTEM_HEADERS = {"cstdint", "cstddef", "immintrin.h", "arm_neon.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def reachable(room: str) -> set[str]:
    seen, stack = {room}, [room]
    while stack:
        for lower in DIRECT[stack.pop()]:
            if lower not in seen:
                seen.add(lower)
                stack.append(lower)
    return seen


def includes(path: pathlib.Path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1] == "<", match[2]


def isa_closure(root: pathlib.Path, path: pathlib.Path, seen: set[pathlib.Path]) -> list[str]:
    """Violations in an instruction-set file and everything of ours that it includes."""
    problems = []
    for number, system, name in includes(path):
        if system:
            if name not in ISA_SYSTEM_HEADERS:
                problems.append(f"{path.relative_to(root)}:{number}: <{name}> may not be compiled per instruction set")
        elif (header := root / name) not in seen:
            seen.add(header)
            problems += isa_closure(root, header, seen)
    return problems


def main(source: str) -> int:
    root = pathlib.Path(source)
    problems, count = [], 0
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".h", ".cc", ".inl"}):
        room = path.relative_to(root).parts[0]
        if room not in DIRECT:
            problems.append(f"{path.relative_to(root)}: room '{room}' is not in the table of arrows")
            continue
        allowed = reachable(room)
        for number, system, name in includes(path):
            count += 1
            target = name.split("/")[0]
            if system or target == "thane":
                continue
            if not (root / name).is_file():
                problems.append(f"{path.relative_to(root)}:{number}: \"{name}\" is not a path from src/")
            elif target not in allowed:
                problems.append(f"{path.relative_to(root)}:{number}: {room} may not include {target} (\"{name}\")")
        if path.name.endswith(".isa.cc"):
            problems += isa_closure(root, path, set())
    print("\n".join(problems) or f"{count} includes follow the arrows")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
