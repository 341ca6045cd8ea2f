"""bench, champion, profile, engines: what they say and how they end."""
import json
import math
import os
import shutil
import socket
import struct
import subprocess
import time
import unittest

from harness import BINARY, DIGITS, SOURCE, Case, standing


def save_npy(path, row):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {len(row)})}}".ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(row)}f", *row))


class Bench(Case):
    def test_native_alone(self):
        result = self.json("bench", DIGITS / "digits.onnx", "-t", "0.3", "--processes", "2")
        native = standing(result, "native")
        self.assertEqual(native["status"], "ok")
        latency = native["latency"]
        self.assertGreater(latency["count"], 100)
        self.assertLessEqual(latency["min_s"], latency["p50_s"])
        self.assertLessEqual(latency["p50_low_s"], latency["p50_s"])
        self.assertGreater(native["peak_bytes"], 1 << 20)
        self.assertGreaterEqual(native["peak_bytes"], native["steady_bytes"] * 0.5)
        for phase in ("start_s", "open_s", "bind_s", "first_s"):
            self.assertGreaterEqual(native["warm"][phase], 0)
        if latency["count"] < 10000:
            self.assertNotIn("p99_s", latency)
        manifest = result["manifest"]
        self.assertEqual(len(manifest["models"][0]["sha256"]), 64)
        self.assertIn("cpu", manifest["machine"])
        self.assert_clean()

    def test_runs_and_warmup_are_exact(self):
        result = self.json("bench", DIGITS / "digits.onnx", "-r", "7", "-w", "3", "--processes", "2", "-t", "0.1")
        native = standing(result, "native")
        self.assertEqual(native["latency"]["count"], 7 * len(native["turns"]))
        self.assertEqual(native["warmup_runs"], 3)

    def test_scenarios(self):
        for scenario in ("multi", "offline", "server"):
            result = self.json("bench", DIGITS / "digits.onnx", "--scenario", scenario, "--streams", "2", "-t", "0.4", "--processes", "1")
            native = standing(result, "native")
            self.assertEqual(native["status"], "ok", native)
            self.assertGreater(native["throughput_per_s"], 0)
            if scenario == "server":
                self.assertGreaterEqual(native["server_rate_per_s"], 0)  # 0 where a busy machine keeps no bound
                self.assertGreater(native["server_rate_missed_per_s"], native["server_rate_per_s"])
                self.assertIn(result["server"]["quantile"], (0.5, 0.9, 0.99))

    def test_a_bound_is_held_only_as_far_out_as_requests_allow(self):
        self.fake("slow")  # 33 requests a second: nothing can be said of their p99
        result = self.race("--scenario", "server", "--bound", "1000", timeout=20, processes=1)
        self.assertEqual(result["server"], {"bound_s": 1.0, "quantile": 0.5})

    def test_batch(self):
        result = self.json("bench", DIGITS / "digits.onnx", "-b", "5", "-t", "0.1", "--processes", "1")
        self.assertEqual(result["manifest"]["inputs"][0]["shape"], [5, 1, 8, 8])

    def test_a_rival_takes_part(self):
        self.fake("slow")
        result = self.race(timeout=20, processes=4)
        self.assertEqual([s["status"] for s in result["standings"]], ["ok", "ok"])
        comparison = result["comparisons"][0]
        self.assertEqual((comparison["ours"], comparison["theirs"]), ("native", "onnxruntime"))
        self.assertLessEqual(comparison["low"], comparison["ratio"])
        self.assertGreaterEqual(comparison["high"], comparison["ratio"])
        self.assertEqual(comparison["outcome"], "faster")  # by so much that no noise of a busy machine matters
        self.assertEqual(standing(result, "onnxruntime")["engine_version"], "1.2.3")
        self.assertIn("factor", result["floor"])
        self.assert_clean()

    def test_against_itself(self):
        """A/A: 95 in 100 races tie (statistics_test has the odds; scripts/race-checks runs a hundred). Eight races here, five must."""
        twin = self.folder / "twin.onnx"
        shutil.copy(DIGITS / "digits.onnx", twin)
        outcomes = [self.json("bench", DIGITS / "digits.onnx", twin, "--threads", "1", "-t", "0.5", "--processes", "3", "--seed", race)
                    ["comparisons"][0]["outcome"] for race in range(8)]
        self.assertGreaterEqual(outcomes.count("tie"), 5, outcomes)

    def test_usage(self):
        for arguments, says in ((("-e", "nobody"), "onnxruntime"), (("-e", "litert"), "litert"), (("--scenario", "x"), "single")):
            _, err = self.thane("bench", DIGITS / "digits.onnx", *arguments, code=(0, 2))
            if arguments[1] != "litert":
                self.assertIn(says, err)
        self.thane("bench", self.folder / "none.onnx", code=2)

    def test_broken_model(self):
        path = self.folder / "broken.onnx"
        path.write_bytes(b"\x08\x07" + b"\xff" * 100)
        self.thane("bench", path, code=3)


class Champion(Case):
    def champion(self, need, *arguments, code=(0, 4), processes=2):
        return self.json("champion", DIGITS / "digits.onnx", "-i", DIGITS / "digits.npy", "--need", need, "--budget", "2s", "--processes", processes,
                         "--timeout", "20", *arguments, code=code)

    def test_every_need(self):
        self.fake("ok")
        for need in ("low-latency", "high-throughput", "high-precision", "cross-platform", "rapid-iteration", "fast-deploy"):
            result = self.champion(need, "--no-flips")
            verdict = result["verdict"]
            self.assertEqual(verdict["need"], need)
            self.assertTrue(verdict["champion"] or verdict["tie"], verdict)
            self.assertTrue(verdict["values"])
            self.assertIn("held", result["folklore"])
            self.assertTrue(result["pareto"]["front"])
            self.assertTrue(result["profile"]["ops"])

    def test_the_faster_one_wins(self):
        self.fake("slow")
        result = self.champion("low-latency", "--no-flips", code=0, processes=4)
        self.assertEqual(result["verdict"]["champion"], "native")
        self.assertGreater(result["verdict"]["margin"]["low"], 1)

    def test_flips_and_tuned(self):
        self.fake("ok")
        result = self.champion("low-latency", "--tuned")
        # A busy machine uses the budget up before; then that is said.
        self.assertTrue(result["flips"] or any("The budget ended" in remark for remark in result["remarks"]), result["remarks"])
        self.assertIn("verdict", result["tuned"])

    def test_a_state_inside_and_outside(self):
        """Silero's .onnx is handed its state and the end of the last window; its TorchScript form keeps both."""
        models = SOURCE / "build/models/silero-vad"
        if not models.exists():
            self.skipTest("scripts/setup fetches the model")
        sound = [0.3 * math.sin(i * 0.07) * math.sin(i * 0.011) for i in range(512)]
        save_npy(self.folder / "x.npy", sound)
        save_npy(self.folder / "input.npy", [0.0] * 64 + sound)
        arguments = ["champion", models / "silero_vad.jit", models / "silero_vad.onnx", "-i", f"input={self.folder}/input.npy", "-i", "sr=16000", "-i",
                     "state=zeros", "-s", "state=2x1x128", "--budget", "1s", "--processes", "1", "--no-flips"]
        result = self.json(*arguments, "-i", f"silero_vad.jit:x={self.folder}/x.npy", code=(0, 4))
        self.assertEqual([s["status"] for s in result["standings"]], ["ok", "ok"], result["standings"])
        self.assertEqual([len(s["outputs"]) for s in result["standings"]], [1, 2])
        self.assertTrue(all(form["agrees"] for form in result["forms"]), result["forms"])
        # Another sound through one of them: not the same network, as far as anybody can tell.
        save_npy(self.folder / "y.npy", sound[::-1])
        result = self.json(*arguments, "-i", f"silero_vad.jit:x={self.folder}/y.npy", code=(0, 4))
        self.assertEqual([form["agrees"] for form in result["forms"]], [False, True])

    def test_another_network_is_no_form(self):
        self.fake("ok")
        other = self.folder / "other.onnx"
        data = bytearray((DIGITS / "digits.onnx").read_bytes())
        at = data.rfind(b"\x00\x00\x80\x3f")
        data[len(data) // 2:len(data) // 2 + 64] = bytes(64)  # weights zeroed
        other.write_bytes(data)
        self.assertNotEqual(at, 0)
        result = self.json("champion", DIGITS / "digits.onnx", other, "-i", DIGITS / "digits.npy", "--budget", "1s", "--processes", "1",
                           "--no-flips", code=(0, 1, 4))
        forms = {form["file"]: form for form in result["forms"]}
        self.assertTrue(forms[str(DIGITS / "digits.onnx")]["agrees"])
        self.assertFalse(forms[str(other)]["agrees"])

    def test_each_form_runs_natively(self):
        names = ["digits.onnx", "digits.tflite", "digits_savedmodel", "digits.pt", "digits.pt2", "digits.ckpt"]
        result = self.json("champion", *[DIGITS / name for name in names], "-i", DIGITS / "digits.npy", "--answers", DIGITS / "labels.npy",
                           "-e", "native", "--budget", "2s", "--processes", "2", "--no-flips")
        labels = [f"native ({name})" for name in names[:5]] + ["native (digits.ckpt on digits.pt)"]
        self.assertEqual([s["label"] for s in result["standings"]], labels)
        self.assertTrue(all(s["status"] == "ok" and s["task_accuracy"] > 0.9 for s in result["standings"]), result["standings"])
        self.assertTrue(all(form["agrees"] for form in result["forms"]), result["forms"])
        self.assertIn(result["verdict"]["champion"], labels)  # forms of one engine are no tie

    def test_max_drop(self):
        for mode, drop, status in (("wrong", "0.01", "ok"), ("confused", "0.5", "ok"), ("confused", "0.01", "disqualified")):
            self.fake(mode, engine="openvino")
            result = self.json("champion", DIGITS / "digits.onnx", "-i", DIGITS / "digits.npy", "--answers", DIGITS / "labels.npy", "--max-drop", drop,
                               "--budget", "1s", "--processes", "1", "--no-flips", code=(0, 4))
            self.assertEqual(standing(result, "openvino")["status"], status)

    def test_says_what_could_be_installed(self):
        out, _ = self.thane("champion", DIGITS / "digits.onnx", "--budget", "1s", "--processes", "1", "--no-flips", code=(0, 4))
        self.assertIn("thane engines add onnxruntime", out)


class Reports(Case):
    def test_html_holds_everything(self):
        self.fake("ok")
        page = self.folder / "report.html"
        self.race("--html", page)
        text = page.read_text()
        for part in ("uPlot", "standings", "native", "中文", "prefers-color-scheme"):
            self.assertIn(part, text)
        for foreign in ("src=\"http", "href=\"http", "@import", "/*DATA*/"):
            self.assertNotIn(foreign, text)
        data = text.split('id="data">', 1)[1].split("</script>", 1)[0]
        self.assertEqual(len(json.loads(data)["standings"]), 2)

    def test_markdown(self):
        out, _ = self.thane("bench", DIGITS / "digits.onnx", "-t", "0.1", "--processes", "1", "--markdown")
        lines = out.strip().splitlines()
        self.assertTrue(lines[0].startswith("| engine |"))
        self.assertEqual(lines[0].count("|"), lines[2].count("|"))


class Profile(Case):
    def test_times_add_up(self):
        result = self.json("profile", DIGITS / "digits.onnx", "-t", "0.3", "--threads", "1")
        steps = sum(node["seconds"] for node in result["nodes"])
        self.assertGreater(steps, 0)
        self.assertLessEqual(steps, result["total_s"] * 1.5)
        self.assertGreater(result["peak_flops_per_s"], 1e9)
        self.assertGreater(result["bandwidth_bytes_per_s"], 1e8)
        self.assertTrue(any(node["flops"] > 0 for node in result["nodes"]))

    def test_trace(self):
        trace = self.folder / "trace.json"
        self.thane("profile", DIGITS / "digits.onnx", "-t", "0.1", "--trace", trace)
        events = json.loads(trace.read_text())["traceEvents"]
        self.assertTrue(events)
        for event in events:
            self.assertEqual(event["ph"], "X")
            self.assertGreaterEqual(event["dur"], 0)
        self.assertEqual([e["ts"] for e in events], sorted(e["ts"] for e in events))


class Engines(Case):
    def test_list_add_remove(self):
        names = {engine["name"]: engine for engine in self.json("engines")["engines"]}
        self.assertEqual(set(names), {"native", "onnxruntime", "litert", "tensorflow", "torch", "lightning", "openvino", "mnn", "ncnn"})
        self.assertFalse(names["onnxruntime"]["installed"])
        self.assertRegex(names["onnxruntime"]["version"], r"^\d+\.")
        self.fake()
        engine = next(e for e in self.json("engines")["engines"] if e["name"] == "onnxruntime")
        self.assertTrue(engine["installed"] and engine["registered"])
        self.assertEqual(engine["version"], "1.2.3")
        self.thane("engines", "remove", "onnxruntime")
        self.assertFalse(next(e for e in self.json("engines")["engines"] if e["name"] == "onnxruntime")["installed"])
        self.thane("engines", "remove", "onnxruntime", code=2)
        self.thane("engines", "add", "nobody", code=2)
        self.thane("engines", "add", "litert", "--python", shutil.which("false"), code=2)

    def test_an_installer_does_not_outlive_its_command(self):
        silent = socket.create_server(("127.0.0.1", 0))  # takes calls and says nothing
        self.addCleanup(silent.close)
        environment = {**self.environment(), "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1",
                       "PIP_INDEX_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/simple"}
        process = subprocess.Popen([BINARY, "engines", "add", "litert"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        for _ in range(600):
            if (self.home / "engines/litert/requirements.txt").exists():
                break
            time.sleep(0.1)
        time.sleep(0.5)
        self.assertTrue(self.leftovers())  # pip is at work
        process.kill()
        process.wait()
        self.assert_clean()
        self.assertFalse(next(e for e in self.json("engines")["engines"] if e["name"] == "litert")["installed"])


if __name__ == "__main__":
    unittest.main()
