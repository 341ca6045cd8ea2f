#include "rivals/installed.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/format.h"
#include "rivals/document.h"
#include "rivals/embedded.h"
#include "rivals/kind.h"

namespace thane::rivals {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const std::string& home, const Rival& rival) { return fs::path(home) / "engines" / rival.name; }

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Whole or not at all.
Status write_text(const fs::path& path, std::string_view text) {
  const fs::path fresh = path.string() + ".new";
  std::ofstream file(fresh, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  std::error_code error;
  if (file) fs::rename(fresh, path, error);
  if (!file || error) return io_error("cannot be written").at(path.string());
  return ok();
}

struct Ran {
  int code = -1;
  std::string output;
};

// Runs a program of the user's (pip, python) in the user's own environment; each line goes to `say` as it comes.
Ran run_program(const std::vector<std::string>& words, const Say& say) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return {};
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // an installer does not outlive the command it works for
    ::dup2(fds[1], 1);
    ::dup2(fds[1], 2);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(fds[1]);
  Ran ran;
  std::string line;
  char buffer[4096];
  for (ssize_t n; pid > 0 && ((n = ::read(fds[0], buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR));) {
    for (ssize_t i = 0; i < n; ++i) {
      if (buffer[i] != '\n' && buffer[i] != '\r') {
        line += buffer[i];
        continue;
      }
      if (!line.empty()) say(line);
      ran.output += line + "\n";
      line.clear();
    }
  }
  ran.output += line;
  ::close(fds[0]);
  int status = 0;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (pid > 0 && WIFEXITED(status)) ran.code = WEXITSTATUS(status);
  return ran;
}

std::string last_lines(const std::string& text, size_t bytes) {
  std::string tail = text.size() > bytes ? text.substr(text.size() - bytes) : text;
  while (tail.ends_with('\n')) tail.pop_back();
  return tail;
}

constexpr std::string_view kVersionScript =
    "import sys\nfrom importlib import metadata\nprint('version', metadata.version(sys.argv[1]))";
// The versions for which the requirement files have hashes.
constexpr std::string_view kCheckPython =
    "import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))";

Result<std::string> version_of(const std::string& python, const Rival& rival) {
  const Ran ran = run_program({python, "-I", "-B", "-c", std::string(kVersionScript), std::string(rival.package)},
                              [](const std::string&) {});
  const size_t at = ran.output.rfind("version ");
  if (ran.code != 0 || at == std::string::npos)
    return io_error(format("{} has no package {}", python, rival.package)).at(std::string(rival.name));
  std::string version = ran.output.substr(at + 8);
  return version.substr(0, version.find('\n'));
}

Result<std::string> find_python() {
  for (const char* candidate :
       {"python3", "python3.11", "python3.12", "python3.13", "python3.14", "/usr/bin/python3"}) {
    if (run_program({candidate, "-I", "-c", std::string(kCheckPython)}, [](const std::string&) {}).code == 0)
      return std::string(candidate);
  }
  return io_error("no Python 3.11 to 3.14 that can make virtual environments")
      .at("engines")
      .hinting(
          "install python3-venv, or name an interpreter that has the engine: thane engines add NAME --python PATH");
}

// One at a time per engine: two installers would tread on each other.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : fd_(::open((folder.string() + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    if (fd_ >= 0) ::flock(fd_, LOCK_EX);
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

Status write_card(const fs::path& folder, const Installed& engine) {
  Document card;
  card["engine"] = engine.rival->name;
  card["python"] = engine.python;
  card["version"] = engine.version;
  card["bytes"] = engine.bytes;
  return write_text(folder / "engine.json", to_text(card, 1) + "\n");
}

}  // namespace

std::optional<Installed> installed_engine(const std::string& home, const Rival& rival) {
  const fs::path folder = folder_of(home, rival);
  std::error_code error;
  if (!fs::exists(folder / "engine.json", error)) return std::nullopt;
  auto card = parse_document(read_text(folder / "engine.json"));
  if (!card.ok()) return std::nullopt;
  Installed engine{&rival, text(*card, "python"), folder.string(), text(*card, "version"), integer(*card, "bytes")};
  if (!fs::exists(engine.python, error)) return std::nullopt;
  if (!engine.python.starts_with(engine.folder + "/")) engine.folder.clear();  // the user's own
  return engine;
}

std::vector<Installed> installed_engines(const std::string& home) {
  std::vector<Installed> found;
  for (const Rival& rival : all_rivals()) {
    if (auto engine = installed_engine(home, rival)) found.push_back(std::move(*engine));
  }
  return found;
}

Result<Installed> install(const std::string& home, const Rival& rival, const Say& say) {
  if (requirements_of(rival).empty()) {
    return unsupported("no packages are pinned for it yet")
        .at(std::string(rival.name))
        .hinting(format("register an interpreter that has it: thane engines add {} --python PATH", rival.name));
  }
  const fs::path folder = folder_of(home, rival), venv = folder / "venv";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return io_error(error.message()).at(folder.string());
  const FolderLock lock(folder);
  fs::remove(folder / "engine.json", error);
  const std::string python = (venv / "bin" / "python").string();
  if (run_program({python, "-I", "-c", "import pip"}, [](const std::string&) {}).code != 0) {
    THANE_ASSIGN(const std::string base, find_python());
    say("making " + venv.string());
    const Ran made = run_program({base, "-m", "venv", "--clear", venv.string()}, [](const std::string&) {});
    if (made.code != 0)
      return io_error("cannot make a virtual environment: " + last_lines(made.output, 300)).at(venv.string());
  }
  THANE_TRY(write_text(folder / "requirements.txt", requirements_of(rival)));
  // Wheels that were downloaded whole stay in pip's cache, so a second try goes on where the first broke off.
  std::vector<std::string> pip = {python,
                                  "-I",
                                  "-m",
                                  "pip",
                                  "install",
                                  "--disable-pip-version-check",
                                  "--no-input",
                                  "--retries",
                                  "8",
                                  "--timeout",
                                  "60",
                                  "--require-hashes",
                                  "--only-binary=:all:",
                                  "--progress-bar",
                                  "off",
                                  "--no-warn-script-location",
                                  "--no-deps",
                                  "--requirement",
                                  (folder / "requirements.txt").string()};
  const Ran ran = run_program(pip, [&](const std::string& line) {
    for (const std::string_view start :
         {"Collecting ", "  Downloading ", "Downloading ", "Installing ", "Successfully "}) {
      if (line.starts_with(start)) return say(line.substr(line.find_first_not_of(' '), 100));
    }
  });
  if (ran.code != 0) {
    return io_error("pip failed: " + last_lines(ran.output, 1500))
        .at(format("installing {}", rival.name))
        .hinting(
            "check the network and pip's settings (pip config list), then run this again: it goes on where it "
            "stopped");
  }
  Installed engine{&rival, python, folder.string(), "", 0};
  THANE_ASSIGN(engine.version, version_of(python, rival));
  engine.bytes = model_bytes(venv.string());
  THANE_TRY(write_card(folder, engine));
  return engine;
}

Result<Installed> register_python(const std::string& home, const Rival& rival, const std::string& python) {
  Installed engine{&rival, python, "", "", 0};
  const Ran where = run_program({python, "-I", "-c", "import sys; print(sys.executable)"}, [](const std::string&) {});
  if (where.code != 0) return io_error("is no Python interpreter").at(python);
  engine.python = where.output.substr(0, where.output.find('\n'));
  THANE_ASSIGN(engine.version, version_of(engine.python, rival));
  constexpr std::string_view kSize =
      "import sys\nfrom importlib import metadata as m\nimport re\nseen, todo, size = set(), [sys.argv[1]], 0\n"
      "while todo:\n n = todo.pop().lower()\n if n in seen: continue\n seen.add(n)\n"
      " try: d = m.distribution(n)\n except m.PackageNotFoundError: continue\n"
      " size += sum(f.size or 0 for f in d.files or [])\n"
      " todo += [re.match('[A-Za-z0-9._-]+', r)[0] for r in d.requires or [] if 'extra ==' not in r]\n"
      "print('bytes', size)";
  const Ran size = run_program({engine.python, "-I", "-c", std::string(kSize), std::string(rival.package)},
                               [](const std::string&) {});
  if (const size_t at = size.output.rfind("bytes "); at != std::string::npos)
    engine.bytes = std::strtoll(size.output.c_str() + at + 6, nullptr, 10);
  const fs::path folder = folder_of(home, rival);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return io_error(error.message()).at(folder.string());
  THANE_TRY(write_card(folder, engine));
  return engine;
}

Status remove(const std::string& home, const Rival& rival) {
  const fs::path folder = folder_of(home, rival);
  std::error_code error;
  if (!fs::exists(folder, error)) return invalid_argument("not installed").at(std::string(rival.name));
  fs::remove(folder / "engine.json", error);  // first: what is half gone does not count as installed
  fs::remove_all(folder, error);
  fs::remove(folder.string() + ".lock", error);
  if (fs::exists(folder)) return io_error("cannot be removed").at(folder.string());
  return ok();
}

Launch launch_of(const Installed& engine, int threads, const std::string& scratch, int64_t memory_bytes) {
  Launch launch;
  launch.command = {engine.python, "-I", "-B", "-"};
  launch.environment = bare_environment();
  launch.environment.push_back("PYTHONHASHSEED=0");
  for (const std::string_view setting : engine.rival->environment) {
    std::string text(setting);
    if (const size_t at = text.find("{threads}"); at != std::string::npos) text.replace(at, 9, std::to_string(threads));
    launch.environment.push_back(std::move(text));
  }
  if (!scratch.empty()) {
    launch.environment.push_back("TMPDIR=" + scratch);
    launch.environment.push_back("TORCHINDUCTOR_CACHE_DIR=" + scratch + "/inductor");
  }
  launch.standard_input = embedded::file("protocol.py") + "\n" + worker_of(*engine.rival) + "\nserve(Engine)\n";
  launch.memory_bytes = memory_bytes;
  return launch;
}

}  // namespace thane::rivals
