#!/usr/bin/env python3
"""Checks that no two files below src/ define a type of the same name in the same namespace.

The linker would take one definition for both, silently: each op's header compiles alone, and the program crashes elsewhere.
Types in unnamed namespaces belong to their file and may be called anything.
"""
import collections
import pathlib
import re
import sys

NAMESPACE = re.compile(r"^namespace ?([\w:]*) ?\{")
END = re.compile(r"^\}  // namespace")
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?![\w:<])[^;]*$")


def definitions(path: pathlib.Path):
    namespaces = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := NAMESPACE.match(line):
            namespaces.append(match[1])
        elif END.match(line):
            namespaces.pop()
        elif (match := TYPE.match(line)) and "" not in namespaces:
            yield "::".join(namespaces + [match[1]]), number


def main(source: str) -> int:
    root = pathlib.Path(source)
    places = collections.defaultdict(list)
    for path in sorted(root.rglob("*.h")) + sorted(root.rglob("*.cc")):
        if path.name.endswith("_test.cc"):
            continue
        for name, number in definitions(path):
            places[name].append(f"{path.relative_to(root)}:{number}")
    if not places:
        print("no type found: the patterns no longer fit the code")
        return 1
    twice = {name: where for name, where in places.items() if len(where) > 1}
    for name, where in twice.items():
        print(f"{name} is defined in {' and in '.join(where)}")
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
