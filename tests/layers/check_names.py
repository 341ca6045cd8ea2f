#!/usr/bin/env python3
"""Checks that names mean one thing.

No two files below src/ define a type of the same name in the same namespace: the linker would take one definition for
both, silently; each op's header compiles alone, and the program crashes elsewhere.

Types, functions and constants in unnamed namespaces belong to their file and may be called anything, except that files
of one folder are compiled together (cmake/ThaneRoom.cmake): there they must differ, or the file stand after SEPARATE in
the CMakeLists.txt of its room. A compiler would mostly notice, but could also pick the other file's overload.
"""
import collections
import pathlib
import re
import sys

NAMESPACE = re.compile(r"^namespace ?([\w:]*) ?\{")
END = re.compile(r"^\}  // namespace")
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?![\w:<])[^;]*$")
ALIAS = re.compile(r"^using (\w+) =")
ENUM = re.compile(r"^enum (?!class)(\w*)[^{]*\{(.*)")
FUNCTION_OR_CONSTANT = re.compile(r"^[A-Za-z][\w:<>,&*\[\] ]*?[ &*>](\w+)(?:\(|\[\]|\{| = |;)")
SEPARATE = re.compile(r"SEPARATE([^)]*)\)")


def lines_by_namespace(path: pathlib.Path):
    """Every line outside functions and types, with its number and the namespaces around it."""
    namespaces = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := NAMESPACE.match(line):
            namespaces.append(match[1])
        elif END.match(line):
            namespaces.pop()
        elif not line.startswith("namespace "):  # an alias may be repeated
            yield number, line, namespaces


def shared_types(path: pathlib.Path):
    for number, line, namespaces in lines_by_namespace(path):
        if (match := TYPE.match(line)) and "" not in namespaces:
            yield "::".join(filter(None, namespaces + [match[1]])), number


def local_names(path: pathlib.Path):
    """What unnamed namespaces of a file define, with the enumerators of plain enums."""
    enumerators = False
    for number, line, namespaces in lines_by_namespace(path):
        if "" not in namespaces:
            continue
        if enumerators or (match := ENUM.match(line)):
            if not enumerators and match[1]:
                yield "::".join(filter(None, namespaces + [match[1]])), number
            for name in re.findall(r"\bk[A-Z]\w*", line if enumerators else match[2]):
                yield "::".join(filter(None, namespaces + [name])), number
            enumerators = "}" not in line
        elif match := TYPE.match(line) or ALIAS.match(line) or FUNCTION_OR_CONSTANT.match(line):
            yield "::".join(filter(None, namespaces + [match[1]])), number


def compiled_alone(root: pathlib.Path):
    for path in root.glob("*/CMakeLists.txt"):
        for names in SEPARATE.findall(path.read_text(encoding="utf-8")):
            yield from (path.parent / name for name in names.split())


def twice(places) -> int:
    clashes = {name: where for name, where in places.items() if len({place.split(":")[0] for place in where}) > 1}
    for name, where in clashes.items():
        print(f"{name[-1]} is defined in {' and in '.join(where)}")
    return len(clashes)


def main(source: str) -> int:
    root = pathlib.Path(source)
    shared, local = collections.defaultdict(list), collections.defaultdict(list)
    alone = list(compiled_alone(root))
    for path in sorted(root.rglob("*.h")) + sorted(root.rglob("*.cc")):
        if path.name.endswith("_test.cc"):
            continue
        relative = path.relative_to(root)
        for name, number in shared_types(path):
            shared[name,].append(f"{relative}:{number}")
        together = path.suffix == ".cc" and path.name != "main.cc" and not path.name.endswith(".isa.cc")
        if together and not any(path.is_relative_to(other) for other in alone):
            for name, number in local_names(path):
                local[relative.parent, name].append(f"{relative}:{number}")
    if not shared or not local:
        print("no name found: the patterns no longer fit the code")
        return 1
    return 1 if twice(shared) + twice(local) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
