"""history, replay, compare; two writers, a kill in the middle, a full disk."""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from harness import BINARY, DIGITS, Case

SMALL = ("-t", "0.05", "--processes", "1", "-w", "0")


class Records(Case):
    def bench(self, *arguments):
        return self.json("bench", DIGITS / "digits.onnx", *SMALL, *arguments)

    def test_history_and_replay(self):
        first = self.bench()
        lines = self.json("history")
        self.assertEqual([line["id"] for line in lines], [first["id"]])
        self.assertIn("bench", lines[0]["command"])
        again = self.json("history", first["id"][:5])
        self.assertEqual(again["standings"], first["standings"])
        self.thane("replay", first["id"])
        self.assertEqual(len(self.json("history")), 2)
        self.thane("history", "ffff0000", code=2)
        self.thane("history", "'; DROP TABLE runs", code=2)
        self.bench("--no-record")
        self.assertEqual(len(self.json("history")), 2)

    def test_compare(self):
        ids = [self.bench()["id"] for _ in range(2)]
        self.thane("compare", *ids, "--slower", "100000", code=0)
        # Times of one result made a hundred times longer: a regression.
        path = self.home / "records.sqlite"
        with sqlite3.connect(path) as db:
            import json
            text = db.execute("SELECT result FROM runs WHERE id = ?", (ids[1],)).fetchone()[0]
            result = json.loads(text)
            for turn in result["standings"][0]["turns"]:
                turn[2] *= 100
            db.execute("UPDATE runs SET result = ? WHERE id = ?", (json.dumps(result), ids[1]))
        db.close()
        out = self.json("compare", *ids, code=1)
        self.assertEqual(out["engines"][0]["outcome"], "slower")
        self.thane("compare", ids[1], ids[0], code=0)
        # Other work is no regression.
        other = self.bench("-b", "5")["id"]
        self.assertIn("not the same measurement", self.thane("compare", ids[0], other, code=2)[1])

    def test_expired(self):
        model = self.folder / "m.onnx"
        model.write_bytes((DIGITS / "digits.onnx").read_bytes())
        result = self.json("bench", model, *SMALL)
        self.assertNotIn("EXPIRED", self.thane("history", result["id"])[0])
        model.write_bytes((DIGITS / "digits.onnx").read_bytes() + b"\x32\x00")
        self.assertIn("EXPIRED", self.thane("history", result["id"])[0])

    def test_a_folder_expires(self):
        model = self.folder / "saved"
        shutil.copytree(DIGITS / "digits_savedmodel", model)
        result = self.json("bench", model, *SMALL)
        self.assertEqual(len(result["manifest"]["models"][0]["sha256"]), 64)
        self.assertNotIn("EXPIRED", self.thane("history", result["id"])[0])
        (model / "assets").mkdir(exist_ok=True)
        (model / "assets/words.txt").write_text("other")
        self.assertIn(f"EXPIRED: {model} has changed", self.thane("history", result["id"])[0])
        shutil.rmtree(model)
        self.assertIn(f"EXPIRED: {model} is not there", self.thane("history", result["id"])[0])

    def test_two_writers(self):
        def start():
            script = f"for i in 1 2 3 4 5 6; do '{BINARY}' bench '{DIGITS}/digits.onnx' {' '.join(SMALL)} >/dev/null || exit 1; done"
            return subprocess.Popen(["sh", "-c", script], env=self.environment())
        writers = [start() for _ in range(3)]
        self.assertEqual([writer.wait(120) for writer in writers], [0, 0, 0])
        self.assertEqual(len(self.json("history")), 18)

    def test_kills_lose_no_finished_run(self):
        finished, draw = set(), random.Random(3)
        for _ in range(12):
            process = subprocess.Popen([BINARY, "bench", DIGITS / "digits.onnx", *SMALL, "--json"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, env=self.environment(), text=True)
            time.sleep(draw.uniform(0.05, 0.8))
            process.send_signal(signal.SIGKILL)
            out, _ = process.communicate()
            if '"id": "' in out:  # it was told to be recorded before it was killed
                finished.add(out.split('"id": "')[1][:8])
        kept = {line["id"] for line in self.json("history")}
        self.assertLessEqual(finished, kept)
        db = sqlite3.connect(self.home / "records.sqlite")
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        db.close()

    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True).returncode:
            self.skipTest("needs to mount a small file system")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", disk]))
        self.home = disk / "home"
        first = self.bench()["id"]
        (disk / "ballast").write_bytes(b"")
        with open(disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 512)
            except OSError:
                pass
        out, err = self.thane("bench", DIGITS / "digits.onnx", *SMALL)
        self.assertIn("could not be recorded", err)
        self.assertIn("native", out)  # the result is shown all the same
        (disk / "ballast").unlink()
        self.assertEqual([line["id"] for line in self.json("history")], [first])
        self.bench()
        self.assertEqual(len(self.json("history")), 2)


if __name__ == "__main__":
    unittest.main()
