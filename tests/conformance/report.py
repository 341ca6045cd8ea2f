#!/usr/bin/env python3
"""Writes docs/CONFORMANCE.md from the results that the conformance tests leave (conformance --json).

    python tests/conformance/report.py [--check] [RESULTS_FOLDER]

RESULTS_FOLDER defaults to build/dev/tests/conformance. With --check nothing is written; the exit status is 1 when the
page on disk is another one.
"""
import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Result file -> what it holds.
RUNS = {
    "1.22.0": "onnx 1.22.0",
    "light": "onnx 1.22.0, light architectures",
    "1.16.2": "onnx 1.16.2",
    "1.12.0": "onnx 1.12.0",
    "1.8.1": "onnx 1.8.1",
    "1.4.1": "onnx 1.4.1",
    "old_ops": "op versions before opset 7 and gradients, computed with numpy (tests/conformance/old_ops.py)",
}

# Why misses stay: pattern of "run/case" -> reason. What none of these explains is listed with the runner's own message.
EXPLAINED = [
    (r"/test_bernoulli", "The expected values are one throw of numpy's generator. The standard says that "
                         "implementations need not agree, not even with a seed."),
    (r"/test_dft_inverse(_opset19)?$", "The expected values carry the rounding errors of a float32 transform, up to 2e-7 "
                                       "where the exact result is 0; thane transforms in double precision."),
    (r"/test_adam_multiple$", "The expected values were made with an epsilon of 1e-2 that the model does not hold; the case "
                              "was corrected later (it passes in 1.22.0)."),
    (r"1\.4\.1/test_cast_(FLOAT_to_STRING|STRING_to_FLOAT)$",
     "The data file is damaged: it holds 3 strings for a tensor of 12."),
    (r"1\.(8\.1|12\.0|16\.2)/test_adam_multiple$",
     "The model leaves out the epsilon that the expected values were computed with (1.22.0 states it)."),
    (r"1\.8\.1/test_sequence_insert_at_front$",
     "The data file holds another position than the one the expected sequence was made with."),
    (r"1\.16\.2/test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True$",
     "The expected values divide by cells beyond the padding; the case was corrected later (it passes in 1.22.0)."),
    (r"1\.16\.2/test_qlinearmatmul_\dD_int8_",
     "The expected values wrap around instead of saturating; the case was corrected later (it passes in 1.22.0)."),
]


def explain(run, case):
    key = f"{run}/{case['name']}"
    for pattern, reason in EXPLAINED:
        if re.search(pattern, key):
            return reason
    return "`" + case["reason"].replace("`", "'").replace("|", "\\|") + "`"


def suites(cases):
    """(suite, passed, all), in the order met."""
    passed, total = Counter(), Counter()
    for case in cases:
        total[case["suite"]] += 1
        passed[case["suite"]] += case["passed"]
    return [(suite, passed[suite], total[suite]) for suite in total]


def page(runs):
    lines = ["# Conformance", "",
             "Made by `tests/conformance/report.py` from the results of the tests `conformance.*`; do not edit. The "
             "tolerances are those of the suites (relative 1e-3, absolute 1e-7 unless a case says otherwise). Each case "
             "is read from its file, optimised and run through the public C++ API.", "",
             "| suite | cases | passed |  |", "|---|---:|---:|---:|"]
    for run, cases in runs.items():
        rows = suites(cases)
        for suite, passed, total in rows:
            name = RUNS[run] if run in ("light", "old_ops") else f"{RUNS[run]}, {suite}"
            lines.append(f"| {name} | {total:,} | {passed:,} | {100 * passed / total:.2f}% |")
        if len(rows) > 1:
            passed, total = sum(r[1] for r in rows), sum(r[2] for r in rows)
            lines.append(f"| **{RUNS[run]}, all** | **{total:,}** | **{passed:,}** | **{100 * passed / total:.2f}%** |")
    for run, cases in runs.items():
        misses = defaultdict(list)
        for case in cases:
            if not case["passed"]:
                misses[explain(run, case)].append(case["name"])
        if not misses:
            continue
        lines += ["", f"## Misses: {RUNS[run]}", ""]
        for reason, names in misses.items():
            lines.append(f"- {reason}")
            lines += [f"  - `{name}`" for name in names]
    return "\n".join(lines) + "\n"


# --- ATen: counts and misses as tests/torch/pack.py found them

ATEN = "## ATen"
ATEN_EXPLAINED = [
    (r"polynomial|airy|modified_bessel_k|^histogram|_segment_reduce|linear_cross_entropy|_backward|multilabel_margin",
     "No such op: not met in models."),
    (r"^(lu_unpack|lu_solve|linalg\.lu_solve)", "Row exchanges given as data are not followed."),
    (r"^linalg\.eigvals-", "Eigenvalues of matrices that are not symmetric: no such op."),
    (r"^tensor_split", "How many parts there are depends on data."),
    (r"^(topk|kthvalue|median|mode)-", "Which of several equal elements is taken is not defined; thane takes the first."),
    (r"scaled_dot_product_attention", "Samples with dropout: random."),
    (r"avg_pool", "Means of integers: PyTorch's division of negative sums is not followed."),
    (r"interpolate\..*-float64", "The given factors are kept as float32, as ONNX's Resize has them."),
    (r"-complex64", "Not written for complex numbers."),
    (r"-(float16|bfloat16)", "PyTorch rounds to 16 bits at other places within the op."),
]


def aten_section(coverage):
    lines = [ATEN, "", "From PyTorch 2.13's own OpInfos (`tests/torch/op_cases.py`): every op that is deterministic and works on "
             "dense tensors, in up to nine element types, traced to TorchScript and exported by torch.export; and whole "
             "networks. A case is one call. Reference: eager PyTorch; tolerances 1e-4 for float32, 1e-7 for float64. All that "
             "pass are in `tests/torch/cases.tar.xz` and run as the test `torch.cases`.", "",
             "| form | OpInfos | cases | passed | | networks |", "|---|---:|---:|---:|---:|---:|"]
    for form, n in coverage["forms"].items():
        networks = f"{n['networks_passed']} of {n['networks']}" if n["networks"] else "`torchscript.networks`"
        lines.append(f"| {form} | {n['ops']} | {n['cases']:,} | {n['passed']:,} | {100 * n['passed'] / n['cases']:.2f}% | {networks} |")
    misses = defaultdict(Counter)
    for case in coverage["missed"]:
        reason = next((text for pattern, text in ATEN_EXPLAINED if re.search(pattern, case["program"])), None)
        if not reason and re.search(r"no op aten|unsupported ops?: ", case["reason"]):
            reason = "No such op."
        misses[reason or "`" + case["reason"].replace("`", "'").replace("|", "\\|")[:160] + "`"][case["op"]] += case["samples"]
    lines += ["", "Misses, with the number of cases in both forms:", ""]
    for reason, ops in sorted(misses.items(), key=lambda item: -sum(item[1].values())):
        lines.append(f"- {reason} " + ", ".join(f"`{op}` {n}" for op, n in sorted(ops.items())))
    return "\n".join(lines) + "\n"


def with_aten(text, section):
    """The page with its section on ATen replaced, or put before the public models."""
    if ATEN in text:
        begin = text.index(ATEN)
        end = text.find("\n## ", begin + 1)
        text = text[:begin] + (text[end + 1:] if end >= 0 else "")
    at = text.index(PACK) if PACK in text else len(text)
    before = text[:at].rstrip("\n") + "\n\n"
    return before + section + ("\n" + text[at:] if text[at:] else "")


# Misses of the pack of public models are explained in tests/model_pack/known_misses.txt.
PACK = "## Public models"


def pack_section(results):
    lines = [PACK, "", "The pack that `THANE_TEST_MODELS` names (`model_pack.further`): model files from public repositories with "
             "their own frameworks' outputs, judged with the pack's tolerances. Files that their framework refuses count as "
             "passed when thane refuses them too, or runs them where they are merely unusual.", "",
             "| format | entries | passed | of those that their framework runs |", "|---|---:|---:|---:|"]
    for form in sorted({r["format"] for r in results}):
        rows = [r for r in results if r["format"] == form]
        runs = [r for r in rows if r["runs"]]
        good = sum(r["passed"] for r in runs)
        share = f"{good} of {len(runs)}, {100 * good / len(runs):.1f}%" if runs else ""
        lines.append(f"| {form} | {len(rows)} | {sum(r['passed'] for r in rows)} | {share} |")
    misses = defaultdict(list)
    for r in results:
        if not r["passed"]:
            misses[r["reason"]].append(r["name"])
    for reason, names in misses.items():
        lines += ["", f"- {reason}"] + [f"  - `{name}`" for name in names]
    return "\n".join(lines) + "\n"


def kept_section(path):
    """What the page says already, for machines without the pack."""
    text = path.read_text() if path.exists() else ""
    return text[text.index(PACK):] if PACK in text else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build/dev/tests/conformance")
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--aten", action="store_true", help="write the section on ATen only")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/CONFORMANCE.md")
    options = parser.parse_args()
    aten = aten_section(json.loads((ROOT / "tests/torch/coverage.json").read_text()))
    if options.aten:
        options.output.write_text(with_aten(options.output.read_text(), aten))
        return
    missing = [run for run in RUNS if not (options.folder / f"{run}.json").exists()]
    if missing:
        sys.exit(f"error: no results of {', '.join(missing)} in {options.folder}; run: ctest -R conformance")
    text = page({run: json.loads((options.folder / f"{run}.json").read_text()) for run in RUNS})
    pack = options.folder.parent / "model_pack/further.json"
    section = pack_section(json.loads(pack.read_text())) if pack.exists() else kept_section(options.output)
    if section:
        text += "\n" + section
    text = with_aten(text, aten)
    if not options.check:
        options.output.write_text(text)
    elif not options.output.exists() or options.output.read_text() != text:
        sys.exit(f"error: {options.output} is out of date; run: python tests/conformance/report.py")


main()
