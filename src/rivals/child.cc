#include "rivals/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/format.h"

namespace thane::rivals {
namespace {

constexpr size_t kLongestAnswer = size_t{64} << 20;
constexpr size_t kPrintedKept = size_t{16} << 10;
constexpr double kMemoryCheckSeconds = 0.25;

struct Ends {
  int read = -1, write = -1;
};

Result<Ends> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return io_error(format("no pipe: {}", std::strerror(errno)));
  return Ends{fds[0], fds[1]};
}

void close_all(std::initializer_list<int> fds) {
  for (int fd : fds) {
    if (fd >= 0) ::close(fd);
  }
}

int64_t resident_bytes(pid_t pid) {
  std::FILE* file = std::fopen(format("/proc/{}/statm", pid).c_str(), "re");
  long long pages = 0;
  if (!file) return 0;
  if (std::fscanf(file, "%*d %lld", &pages) != 1) pages = 0;
  std::fclose(file);
  return pages * ::sysconf(_SC_PAGESIZE);
}

std::string gibibytes(int64_t bytes) { return format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30)); }

// What the new process does before it becomes the worker: only calls that are safe after fork.
[[noreturn]] void become(const std::array<int, 4>& fds, int input, int output, pid_t parent, int64_t memory_bytes,
                         char* const* argv, char* const* envp) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it was gone before it was asked for
  // Out of the way first: a source may be one of the targets.
  constexpr int kAside = 512;
  std::array<int, 6> sources = {input, output, output, fds[0], fds[1], fds[2]};
  int last = ::fcntl(fds[3], F_DUPFD, kAside);
  for (int& source : sources) source = ::fcntl(source, F_DUPFD, kAside);
  for (size_t i = 0; i < sources.size(); ++i) ::dup2(sources[i], static_cast<int>(i));
  ::dup2(last, static_cast<int>(sources.size()));
  ::close_range(7, ~0u, 0);
  const rlimit no_core = {0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (memory_bytes > 0) {
    const auto bytes = static_cast<rlim_t>(memory_bytes);
    const rlimit limit = {bytes, bytes};
    ::setrlimit(RLIMIT_DATA, &limit);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execve(argv[0], argv, envp);
  ::_exit(126);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

std::vector<std::string> bare_environment() {
  return {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "HOME=/nonexistent"};
}

Result<std::unique_ptr<Child>> Child::start(const Launch& launch) {
  ::signal(SIGPIPE, SIG_IGN);  // a worker that is gone shows as an error of write
  std::unique_ptr<Child> child(new Child);
  child->memory_limit_ = launch.memory_bytes;
  THANE_ASSIGN(const Ends request, make_pipe());
  THANE_ASSIGN(const Ends answer, make_pipe());
  THANE_ASSIGN(const Ends output, make_pipe());
  child->request_ = request.write;
  child->answer_ = answer.read;
  child->output_ = output.read;
  child->to_worker_ = ::memfd_create("thane-inputs", MFD_CLOEXEC);
  child->from_worker_ = ::memfd_create("thane-outputs", MFD_CLOEXEC);
  const int input = launch.standard_input.empty() ? ::open("/dev/null", O_RDONLY | O_CLOEXEC)
                                                  : ::memfd_create("thane-script", MFD_CLOEXEC);
  const auto& script = launch.standard_input;
  const bool ready =
      input >= 0 && child->to_worker_ >= 0 && child->from_worker_ >= 0 &&
      (script.empty() || ::pwrite(input, script.data(), script.size(), 0) == static_cast<ssize_t>(script.size()));
  const auto argv = pointers(launch.command), envp = pointers(launch.environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ready ? ::fork() : -1;
  if (pid == 0) {
    become({request.read, answer.write, child->to_worker_, child->from_worker_}, input, output.write, parent,
           launch.memory_bytes, argv.data(), envp.data());
  }
  const int reason = errno;
  close_all({request.read, answer.write, output.write, input});
  if (pid < 0) return io_error(format("cannot start {}: {}", launch.command[0], std::strerror(reason)));
  ::setpgid(pid, pid);  // here too: whoever is first
  ::fcntl(child->output_, F_SETFL, O_NONBLOCK);
  ::fcntl(child->request_, F_SETFL, O_NONBLOCK);
  child->pid_ = pid;
  return child;
}

Child::~Child() {
  end("");
  close_all({request_, answer_, to_worker_, from_worker_, output_});
}

void Child::end(const std::string& reason) {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  drain_output();
  if (epitaph_.empty()) epitaph_ = reason;
}

void Child::pause() {
  if (pid_ > 0) ::kill(-pid_, SIGSTOP);
}
void Child::resume() {
  if (pid_ > 0) ::kill(-pid_, SIGCONT);
}

Error Child::failed(std::string what) {
  end(what);
  return runtime_error(epitaph_);
}

Error Child::ended() {
  int status = 0;
  pid_t done = 0;
  // Its pipe closes a moment before it can be waited for.
  for (int i = 0; i < 200 && (done = ::waitpid(pid_, &status, WNOHANG)) == 0; ++i) ::usleep(10000);
  if (done != pid_) return failed(format("closed its answers while in '{}'", phase_));
  ::kill(-pid_, SIGKILL);  // what it started
  pid_ = -1;
  drain_output();
  const bool memory = printed_.find("MemoryError") != std::string::npos ||
                      printed_.find("bad_alloc") != std::string::npos ||
                      printed_.find("out of memory") != std::string::npos;
  if (memory && memory_limit_ > 0)
    epitaph_ = format("ran out of memory (limit {}) in '{}'", gibibytes(memory_limit_), phase_);
  else if (WIFSIGNALED(status))
    epitaph_ = format("crashed: signal {} ({}) in '{}'", WTERMSIG(status), ::strsignal(WTERMSIG(status)), phase_);
  else if (WEXITSTATUS(status) == 126)
    epitaph_ = "could not be started: its program is missing or cannot be run";
  else
    epitaph_ = format("ended with exit code {} in '{}'", WEXITSTATUS(status), phase_);
  return runtime_error(epitaph_);
}

// A pipe that always has more is left for the next turn: whoever prints without end still meets the deadline.
void Child::drain_output() {
  char buffer[65536];
  for (int turn = 0; turn < 16; ++turn) {
    const ssize_t n = ::read(output_, buffer, sizeof(buffer));
    if (n <= 0) break;
    printed_.append(buffer, static_cast<size_t>(n));
    if (printed_.size() > 2 * kPrintedKept) printed_.erase(0, printed_.size() - kPrintedKept);
  }
}

Status Child::wait_for(int fd, short events, double deadline) {
  double next_check = monotonic_seconds() + kMemoryCheckSeconds;
  for (;;) {
    const double left = deadline - monotonic_seconds();
    if (left <= 0) return failed(format("gave no answer to '{}' in time and was ended", phase_));
    pollfd fds[2] = {{fd, events, 0}, {output_, POLLIN, 0}};
    const int ms = static_cast<int>(std::min(left, kMemoryCheckSeconds) * 1000) + 1;
    const int n = ::poll(fds, 2, ms);
    if (n < 0 && errno != EINTR) return failed(format("cannot be waited for: {}", std::strerror(errno)));
    if (n > 0 && (fds[1].revents & POLLIN)) drain_output();
    if (n > 0 && fds[1].revents == POLLHUP && !(fds[0].revents & (events | POLLHUP))) ::usleep(1000);
    if (n > 0 && (fds[0].revents & (events | POLLHUP | POLLERR))) return ok();
    if (memory_limit_ > 0 && monotonic_seconds() >= next_check) {
      next_check = monotonic_seconds() + kMemoryCheckSeconds;
      if (resident_bytes(pid_) > memory_limit_)
        return failed(format("went over its memory limit of {} in '{}'", gibibytes(memory_limit_), phase_));
    }
  }
}

Status Child::send(std::string_view bytes, double deadline) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(request_, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      THANE_TRY(wait_for(request_, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return ended();
    }
  }
  return ok();
}

Result<std::string> Child::receive(double deadline) {
  std::string answer;
  size_t wanted = 4;
  bool sized = false;
  while (answer.size() < wanted) {
    THANE_TRY(wait_for(answer_, POLLIN, deadline));
    char buffer[65536];
    const ssize_t n = ::read(answer_, buffer, std::min(sizeof(buffer), wanted - answer.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return ended();
    answer.append(buffer, static_cast<size_t>(n));
    if (sized || answer.size() < 4) continue;
    sized = true;
    size_t length = 0;
    for (int i = 3; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(answer[static_cast<size_t>(i)]);
    if (length > kLongestAnswer) return failed(format("answered '{}' with garbage", phase_));
    wanted = length;
    answer.clear();
  }
  return answer;
}

Result<Document> Child::call(const Document& request, double seconds) {
  if (pid_ <= 0) return runtime_error(epitaph_.empty() ? "was ended" : epitaph_);
  phase_ = text(request, "do");
  const double deadline = monotonic_seconds() + seconds;
  const std::string body = to_text(request);
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(body.size() >> (8 * i)));
  THANE_TRY(send(bytes + body, deadline));
  THANE_ASSIGN(const std::string answer, receive(deadline));
  drain_output();
  auto document = parse_document(answer);
  if (!document.ok() || !document->is_object()) return failed(format("answered '{}' with garbage", phase_));
  if (const std::string error = text(*document, "error"); !error.empty()) return runtime_error(error);
  return document;
}

Status Child::write_tensors(std::span<const std::byte> bytes, size_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(to_worker_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n <= 0) return resource_limit(format("no memory for a worker's inputs: {}", std::strerror(errno)));
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset += static_cast<size_t>(n);
  }
  return ok();
}

Status Child::read_tensors(std::span<std::byte> bytes, size_t offset) const {
  while (!bytes.empty()) {
    const ssize_t n = ::pread(from_worker_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n <= 0) return runtime_error("delivered fewer bytes than it said");
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset += static_cast<size_t>(n);
  }
  return ok();
}

Memory memory_of(pid_t pid) {
  const auto kibibytes = [&](const char* name, const char* label) {
    int64_t value = 0;
    std::FILE* file = std::fopen(format("/proc/{}/{}", pid, name).c_str(), "re");
    if (!file) return value;
    char line[256];
    while (std::fgets(line, sizeof(line), file)) {
      if (std::strncmp(line, label, std::strlen(label)) == 0) {
        value = std::strtoll(line + std::strlen(label), nullptr, 10) * 1024;
        break;
      }
    }
    std::fclose(file);
    return value;
  };
  return {kibibytes("smaps_rollup", "Pss:"), kibibytes("status", "VmHWM:")};
}

}  // namespace thane::rivals
