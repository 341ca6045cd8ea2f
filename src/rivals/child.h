// A worker: another program that measures an engine on request, in a process group of its own, fenced in and cleaned up
// after whatever happens. It may crash, hang, eat memory or print garbage; each is an answer, not an accident.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "rivals/document.h"

namespace thane::rivals {

struct Launch {
  std::vector<std::string> command;      // program (a path) and arguments
  std::vector<std::string> environment;  // "NAME=value": all that the worker sees
  std::string standard_input;            // bytes for it to read: the script of an interpreter started with "-"
  int64_t memory_bytes = 0;              // limit on its memory; 0: none
};

// The smallest environment programs expect: PATH, a C locale in UTF-8, no home, nothing of the user's.
std::vector<std::string> bare_environment();

// Requests go out and answers come back as JSON texts, each after its length in four bytes (little endian), on file
// descriptors 3 and 4 of the worker. Tensors travel beside them in two anonymous memory files, descriptors 5 (ours to
// write) and 6 (the worker's); nothing has a name in a file system, so that no end, however sudden, leaves anything.
class Child {
 public:
  static Result<std::unique_ptr<Child>> start(const Launch& launch);
  ~Child();  // ends the worker and whatever it started
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // One request, one answer. Fails when the worker ends, says something that is no answer, reports an error, goes over
  // its memory, or needs longer than `seconds`: then it is ended, and every later call fails with the same words.
  Result<Document> call(const Document& request, double seconds);

  // Bytes at `offset` of the memory file the worker reads.
  Status write_tensors(std::span<const std::byte> bytes, size_t offset);
  // Bytes of the memory file the worker writes; fails when it has fewer.
  Status read_tensors(std::span<std::byte> bytes, size_t offset) const;

  // A paused worker uses no CPU: spinning threads of one engine do not slow down another's turn.
  void pause();
  void resume();
  // Ends it at once, as any of its faults would; for tests and for races that are over.
  void end(const std::string& reason);

  pid_t pid() const { return pid_; }
  bool alive() const { return pid_ > 0; }
  const std::string& printed() const { return printed_; }  // the end of what it wrote on stdout and stderr

 private:
  Child() = default;
  Error failed(std::string what);
  Status send(std::string_view bytes, double deadline);
  Result<std::string> receive(double deadline);
  Status wait_for(int fd, short events, double deadline);
  void drain_output();
  Error ended();  // why the worker is no longer there

  pid_t pid_ = -1;
  int request_ = -1, answer_ = -1, to_worker_ = -1, from_worker_ = -1, output_ = -1;
  int64_t memory_limit_ = 0;
  std::string phase_;  // "open": the request in progress
  std::string printed_;
  std::string epitaph_;  // why it ended
};

// Resident memory, as the kernel counts it at the moment: proportional set size and the peak so far. 0: unknown.
struct Memory {
  int64_t proportional_bytes = 0, peak_bytes = 0;
};
Memory memory_of(pid_t pid);

}  // namespace thane::rivals
