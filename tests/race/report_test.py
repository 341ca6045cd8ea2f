"""The HTML report in a real browser: drawn, in both languages and themes, at the width of a phone, without errors or network."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import DIGITS, Case

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@unittest.skipUnless(BROWSER, "no Chromium here (package chromium)")
class Report(Case):
    def page(self):
        self.fake("ok")
        page = self.folder / "report.html"
        self.json("champion", DIGITS / "digits.onnx", "-i", DIGITS / "digits.npy", "--budget", "1s", "--processes", "2", "--no-flips", "--tuned",
                  "--html", page, code=(0, 4))
        return page

    def browse(self, page, *options):
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0",
                   f"--user-data-dir={self.folder}/profile", "--virtual-time-budget=4000", *options, page]
        done = subprocess.run(command, capture_output=True, timeout=120)
        log = done.stderr.decode(errors="replace")
        self.assertNotRegex(log, r"CONSOLE.*(Uncaught|Error|Refused|Failed to load)")
        return done.stdout.decode()

    def test_is_drawn(self):
        page = self.page()
        for language, words in (("en", ["Verdict", "Standings", "Latency", "Accuracy", "Manifest"]), ("zh", ["结论", "排名", "延迟", "精度", "清单"])):
            for theme in ("light", "dark"):
                dom = self.browse(f"file://{page}?lang={language}&theme={theme}", "--dump-dom")
                for word in words:
                    self.assertIn(word, dom)
                self.assertGreaterEqual(dom.count("<canvas"), 3)
                self.assertIn(f'data-theme="{theme}"', dom)

    def test_fits_a_phone(self):
        page = self.page()
        probe = self.folder / "probe.html"
        script = "<script>document.title='W'+document.documentElement.scrollWidth+'/'+innerWidth;document.body.dataset.probe=document.title</script>"
        probe.write_text(page.read_text().replace("</body>", script + "</body>"))
        dom = self.browse(f"file://{probe}?lang=zh", "--dump-dom", "--window-size=500,900")
        wide, window = map(int, re.search(r'data-probe="W(\d+)/(\d+)"', dom).groups())
        self.assertLessEqual(wide, window)

    def test_pictures_have_content(self):
        page = self.page()
        shots = pathlib.Path(os.environ.get("THANE_SCREENSHOTS", self.folder))
        sizes = []
        for name, query, size in (("wide", "lang=en&theme=light", "1200,2400"), ("phone", "lang=zh&theme=dark", "500,2400")):
            target = shots / f"report_{name}.png"
            self.browse(f"file://{page}?{query}", f"--screenshot={target}", f"--window-size={size}", "--hide-scrollbars")
            self.assertEqual(target.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
            sizes.append(target.stat().st_size)
        self.assertGreater(min(sizes), 20000)  # an empty page is a few KB


if __name__ == "__main__":
    unittest.main()
