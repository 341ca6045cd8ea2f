"""Rivals that crash, hang, eat memory, print garbage or answer wrongly: each is a result, the race goes on, nothing stays."""
import os
import random
import signal
import subprocess
import time
import unittest

from harness import BINARY, DIGITS, Case, standing

# 1,000 with THANE_KILLS=1000; a sample of it otherwise.
KILLS = int(os.environ.get("THANE_KILLS", "25"))


class Faults(Case):
    def failing(self, mode, *arguments, says, timeout=10):
        self.fake(mode)
        result = self.race(*arguments, timeout=timeout)
        self.assertEqual(standing(result, "native")["status"], "ok")
        rival = standing(result, "onnxruntime")
        self.assertEqual(rival["status"], "failed", rival)
        self.assertIn(says, rival["reason"])
        self.assert_clean()
        return rival

    def test_crashes(self):
        for phase in ("hello", "open", "bind", "first", "block"):
            self.failing(f"crash {phase}", says=f"crashed: signal 11 (Segmentation fault) in '{phase}'")

    def test_exits(self):
        self.failing("exit open", says="ended with exit code 3 in 'open'")

    def test_hangs(self):
        for mode in ("hang open", "spin block"):
            start = time.monotonic()
            self.failing(mode, says="gave no answer", timeout=2)
            self.assertLess(time.monotonic() - start, 60)

    def test_eats_memory(self):
        self.failing("memory open", "--memory-limit", "0.5", says="memory", timeout=20)

    def test_garbage(self):
        self.failing("garbage open", says="garbage")
        for phase in ("open", "first", "block"):
            self.fake(f"nonsense {phase}")
            result = self.race()
            self.assertEqual(standing(result, "onnxruntime")["status"], "failed")
            self.assertEqual(standing(result, "native")["status"], "ok")
        self.assert_clean()

    def test_missing_library(self):
        self.failing("error hello", says="No module named 'onnxruntime'")

    def test_floods_its_output(self):
        self.fake("flood open")
        self.assertEqual(standing(self.race(), "onnxruntime")["status"], "ok")
        self.assert_clean()

    def test_children_end_with_it(self):
        self.fake("children open")
        self.race()
        self.assert_clean()

    def test_an_interpreter_that_is_gone(self):
        folder = self.fake()
        (folder / "python").unlink()
        _, err = self.thane("bench", DIGITS / "digits.onnx", "-e", "native,onnxruntime", code=2)
        self.assertIn("not installed", err)

    def test_an_interpreter_that_cannot_run(self):
        folder = self.fake()
        (folder / "python").write_text("#!/nowhere/python\n")
        result = self.race()
        self.assertIn("could not be started", standing(result, "onnxruntime")["reason"])

    def test_wrong_answers_are_disqualified(self):
        # The rival owns .onnx files, so against itself it is right; held against another reference it is not.
        self.fake("wrong", engine="openvino")
        result = self.json("bench", DIGITS / "digits.onnx", "-i", DIGITS / "digits.npy", "-e", "native,openvino", "-t", "0.2",
                           "--processes", "1", code=1)
        rival = standing(result, "openvino")
        self.assertEqual(rival["status"], "disqualified")
        self.assertIn("max error 0.5", rival["reason"])
        self.assertRegex(rival["reason"], r"first difference at .*'logits'")
        self.assertNotIn("latency", rival)
        self.assertEqual(standing(result, "native")["status"], "ok")

    def test_killed_at_any_moment(self):
        """The whole program is killed, again and again: workers go with it, and no file stays."""
        self.fake()
        draw = random.Random(1)
        for _ in range(KILLS):
            process = subprocess.Popen([BINARY, "champion", DIGITS / "digits.onnx", "--budget", "5s", "--processes", "2"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment())
            time.sleep(draw.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.thane("bench", DIGITS / "digits.onnx", "-t", "0.1", "--processes", "1")  # sweeps what was cut off
        self.assert_clean()

    def test_workers_killed_at_any_moment(self):
        self.fake()
        draw = random.Random(2)
        process = subprocess.Popen([BINARY, "bench", DIGITS / "digits.onnx", "-e", "native,onnxruntime", "-t", "2", "--processes", "2"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment())
        while process.poll() is None:
            time.sleep(draw.uniform(0.05, 0.3))
            children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
            if children:
                try:
                    os.kill(int(draw.choice(children)), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.assertIn(process.returncode, (0, 1, 3))
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
