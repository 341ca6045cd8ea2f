#include "isolated.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/format.h"

namespace thane {
namespace {

struct Running {
  pid_t process;
  int pipe;
  size_t index;
};

// A child's first byte, so that an early exit is told from success.
constexpr char kAnswered = '=';

Running start(size_t index, unsigned seconds, const std::function<std::string(size_t)>& check) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  std::fflush(stdout);
  const pid_t process = ::fork();
  if (process < 0) std::abort();
  if (process == 0) {
    ::close(ends[0]);
    ::alarm(seconds);
    const std::string answer = kAnswered + check(index);
    for (size_t done = 0; done < answer.size();) {
      const ssize_t n = ::write(ends[1], answer.data() + done, answer.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  return {process, ends[0], index};
}

std::string finish(const Running& running, unsigned seconds) {
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t n; (n = ::read(running.pipe, buffer.data(), buffer.size())) > 0;) {
    answer.append(buffer.data(), static_cast<size_t>(n));
  }
  ::close(running.pipe);
  int status = 0;
  ::waitpid(running.process, &status, 0);
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return signal == SIGALRM ? format("no end after {} s", seconds) : format("crash: {}", ::strsignal(signal));
  }
  if (answer.empty() || answer[0] != kAnswered) return format("exit {}", WEXITSTATUS(status));
  return answer.substr(1);
}

}  // namespace

std::vector<std::string> run_isolated(size_t count, int jobs, unsigned seconds,
                                      const std::function<std::string(size_t)>& check) {
  std::vector<std::string> reasons(count);
  std::vector<Running> running;
  const size_t most = jobs < 1 ? 1 : static_cast<size_t>(jobs);
  for (size_t next = 0; next < count || !running.empty();) {
    while (next < count && running.size() < most) running.push_back(start(next++, seconds, check));
    reasons[running.front().index] = finish(running.front(), seconds);
    running.erase(running.begin());
  }
  return reasons;
}

}  // namespace thane
