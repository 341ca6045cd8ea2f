#!/usr/bin/env python3
"""The surface: help, versions, completions, environment, exit codes, doctor."""
import re
import shutil
import subprocess
import unittest

import harness as h

COMMANDS = ["inspect", "run", "verify", "doctor", "help", "completions"]


class Surface(h.Case):
    def test_help(self):
        general, err = self.thane("--help")
        self.assertEqual(err, "")
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", general)
            by_flag, _ = self.thane(command, "--help")
            self.assertEqual(by_flag, self.thane("help", command)[0])
            self.assertTrue(by_flag.startswith(f"thane {command}: "))
            self.assertLess(by_flag.index(f"  thane {command}"), by_flag.index("usage:"))  # examples first
            self.assertTrue(all(len(line) <= 110 for line in by_flag.splitlines()))
        self.thane(code=2)
        self.assertRegex(self.thane("--version")[0], r"^thane \d+\.\d+\.\d+\n$")

    def test_usage_errors(self):
        self.fails("insepct", "x", code=2, says=["no command 'insepct'", "inspect, run"])
        self.fails("run", code=2, says=["0 arguments", "MODEL"])
        self.fails("run", "a", "b", code=2, says=["2 arguments"])
        self.fails("run", "a", "--bogus", code=2, says=["--bogus"])
        self.fails("run", "a", "--threads", "many", code=2, says=["--threads", "whole number"])
        self.fails("run", "a", "--threads", "-1", code=2, says=["--threads"])
        self.fails("run", "a", "--precision", "fp8", code=2, says=["--precision", "exact, fp32, bf16, auto"])
        self.fails("run", "a", "--top", code=2, says=["--top"])
        self.fails("run", "a", "--top", "1", "--top", "2", code=2, says=["--top", "once"])
        self.fails("run", "a", "--mean", "1,x", code=2, says=["--mean", "numbers"])
        self.fails("run", "a", "--resize", "224", code=2, says=["--resize", "224x224"])
        self.fails("help", "nothing", code=2, says=["nothing"])
        self.fails("completions", "tcsh", code=2, says=["bash, zsh or fish"])

    def test_options_in_any_place(self):
        digits, x = h.DIGITS / "digits.onnx", h.DIGITS / "digits.npy"
        expected, _ = self.thane("run", digits, "-i", x)
        self.assertEqual(self.thane("run", "-i", x, digits)[0], expected)
        self.assertEqual(self.thane("run", "--input", x, "--threads=1", digits)[0], expected)
        self.assertEqual(self.thane("run", f"--input=image={x}", "--", digits)[0], expected)

    def test_environment(self):
        arguments = ["run", h.DIGITS / "digits.onnx", "-i", "zeros", "--json"]
        self.assertIn('"threads": 3', self.thane(*arguments, env={"THANE_THREADS": "3"})[0])
        self.assertIn('"threads": 1', self.thane(*arguments, "--threads", 1, env={"THANE_THREADS": "3"})[0])
        self.assertIn('"isa": "portable"', self.thane(*arguments, env={"THANE_ISA": "portable"})[0])
        self.assertIn('"seed": 0', self.thane(*arguments, env={"THANE_THREADS": ""})[0])
        out, err = self.thane(*arguments, env={"THANE_THREADS": "lots"}, code=2)
        self.assertIn("--threads", err)

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([h.BINARY, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"could not be written", done.stderr)

    def test_unwritable_output(self):
        blocker = self.write("file", b"")
        self.fails("run", h.DIGITS / "digits.onnx", "-i", "zeros", "-o", blocker + "/o", code=2, says=["cannot make the folder"])

    def test_doctor(self):
        found = self.json("doctor")
        self.assertGreaterEqual(found["cpu"]["usable_cores"], 1)
        self.assertEqual(found["cpu"]["levels"][0], "portable")
        self.assertIn(found["cpu"]["isa"], found["cpu"]["levels"])
        self.assertGreater(found["memory"]["bytes"], 1 << 20)
        self.assertGreater(found["noise"]["samples"], 0)
        for finding in found["findings"]:
            self.assertTrue(finding["problem"] and finding["remedy"])
        text, _ = self.thane("doctor")
        for label in ("cpu", "cores", "instructions", "caches", "memory", "noise"):
            self.assertRegex(text, rf"(?m)^{label} ")

    def test_completions(self):
        checks = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
        for shell, check in checks.items():
            script, _ = self.thane("completions", shell)
            for word in (*COMMANDS, "save-outputs", "precision"):
                self.assertIn(word, script)
            if shutil.which(shell):
                subprocess.run([*check, self.write(f"c.{shell}", script)], check=True, timeout=60)

    def completed(self, *words):
        script, _ = self.thane("completions", "bash")
        line = " ".join(f"'{word}'" for word in words)
        program = f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _thane; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(self.completed("thane", "ver"), ["verify"])
        self.assertEqual(self.completed("thane", "run", "--prec"), ["--precision"])
        self.assertEqual(self.completed("thane", "run", "m.onnx", "--precision", "e"), ["exact"])
        self.assertEqual(self.completed("thane", "completions", "f"), ["fish"])
        self.assertIn(str(h.DIGITS / "digits.onnx"), self.completed("thane", "inspect", f"{h.DIGITS}/digits.o"))

    def test_man_page(self):
        page, _ = self.thane("help", "--man")
        self.assertTrue(page.startswith(".TH THANE 1"))
        for command in COMMANDS:
            self.assertIn(f'.SS "thane {command}', page)
        self.assertNotRegex(page, r"(?m)^\.(?!TH|SH|SS|TP|PP|B |br|nf|fi|RS|RE)")
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"], input=page, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, re.sub(r".*can't break line.*\n", "", done.stderr)), (0, ""))


if __name__ == "__main__":
    unittest.main()
