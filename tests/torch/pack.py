#!/usr/bin/env python3
"""Packs the cases that pass into tests/torch/cases.tar.xz, and what they cover into tests/torch/coverage.json.

    python tests/torch/pack.py LOG FOLDER…

LOG is what torch_cases printed for the folders, which op_cases.py and network_cases.py wrote. --failing prints the
programs of several samples that failed instead, for op_cases.py --split. docs/CONFORMANCE.md follows from coverage.json
(tests/conformance/report.py).
"""
import argparse
import io
import json
import lzma
import pathlib
import re
import struct
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
FORMS = {".pt": "TorchScript", ".pt2": "torch.export"}


def samples_of(program):
    return struct.unpack("<II", program.with_suffix(".bin").read_bytes()[:8])[1]


def op_of(program):
    return re.split(r"-(?=[a-z]+\d*(@\d+)?(-in_place)?(@\d+)?$)", program.stem)[0]


def read_log(path):
    failed = {}
    for line in path.read_text(errors="replace").splitlines():
        if match := re.match(r"FAIL (\S+): (.*)", line):
            reason = re.sub(r"^\S*\.pt2: |__torch__[^:]*: |^\w+: (?=aten::)", "", match[2])
            failed[match[1]] = reason
    return failed


def write_archive(files):
    """Solid, reproducible; like beside like."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in sorted(files, key=lambda f: (f.suffix, f.name)):
            info = tarfile.TarInfo(file.name)
            info.size = file.stat().st_size
            tar.addfile(info, io.BytesIO(file.read_bytes()))
    (HERE / "cases.tar.xz").write_bytes(lzma.compress(raw.getvalue(), preset=7))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--failing", action="store_true")
    arguments = parser.parse_args()
    failed = read_log(arguments.log)
    programs = [p for folder in arguments.folders for p in sorted(folder.iterdir())
                if p.suffix in FORMS and p.with_suffix(".bin").exists()]
    if arguments.failing:
        print("\n".join(sorted({p.stem for p in programs if p.name in failed and "@" not in p.stem and samples_of(p) > 1})))
        return
    kept = [p for p in programs if p.name not in failed]
    coverage = {"forms": {}, "missed": []}
    for suffix, form in FORMS.items():
        mine = [p for p in kept if p.suffix == suffix and "-" in p.stem]
        every = [p for p in programs if p.suffix == suffix and "-" in p.stem]
        coverage["forms"][form] = {"ops": len({op_of(p) for p in mine}), "cases": sum(map(samples_of, every)),
                                   "passed": sum(map(samples_of, mine)),
                                   "networks": len([p for p in programs if p.suffix == suffix and "-" not in p.stem]),
                                   "networks_passed": len([p for p in kept if p.suffix == suffix and "-" not in p.stem])}
    coverage["ops"] = sorted({op_of(p) for p in kept if "-" in p.stem})
    for p in programs:
        if p.name in failed:
            coverage["missed"].append({"program": p.name, "op": op_of(p), "samples": samples_of(p), "reason": failed[p.name][:160]})
    write_archive([*kept, *{p.with_suffix(".bin") for p in kept}])
    (HERE / "coverage.json").write_text(json.dumps(coverage, indent=1) + "\n")
    for form, numbers in coverage["forms"].items():
        print(form, numbers)


if __name__ == "__main__":
    main()
