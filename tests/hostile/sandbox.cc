#include "sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <vector>

namespace thane {
namespace {

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr unsigned kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

constexpr int kForbidden[] = {
    SYS_execve,  SYS_execveat, SYS_socket,    SYS_connect,   SYS_bind,     SYS_sendto,       SYS_ptrace,
    SYS_mkdirat, SYS_unlinkat, SYS_renameat2, SYS_symlinkat, SYS_linkat,   SYS_mknodat,      SYS_truncate,
    SYS_kill,    SYS_openat2,  SYS_fchmodat,  SYS_fchownat,  SYS_setxattr, SYS_memfd_create,
#ifdef SYS_open
    SYS_creat,   SYS_fork,     SYS_vfork,     SYS_unlink,    SYS_rename,   SYS_mkdir,        SYS_rmdir,
    SYS_symlink, SYS_link,     SYS_chmod,     SYS_mknod,
#endif
};

sock_filter load(size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)); }
sock_filter answer(unsigned action) { return BPF_STMT(BPF_RET | BPF_K, action); }
// Skips the next instruction unless the loaded word is (or, for bits, has) `value`.
sock_filter unless(unsigned short comparison, unsigned value) {
  return BPF_JUMP(static_cast<unsigned short>(BPF_JMP | comparison | BPF_K), value, 0, 1);
}

}  // namespace

bool forbid_side_effects() {
  std::vector<sock_filter> program = {
      load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      answer(SECCOMP_RET_KILL_PROCESS),
      load(offsetof(seccomp_data, nr)),
  };
  for (const int call : kForbidden) {
    program.push_back(unless(BPF_JEQ, static_cast<unsigned>(call)));
    program.push_back(answer(SECCOMP_RET_KILL_PROCESS));
  }
  // Opening is fine, opening to write is not: the flags are the third argument of openat, the second of open.
  const auto forbid_writing = [&](int call, size_t flags) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 4));
    program.push_back(load(offsetof(seccomp_data, args) + flags * sizeof(__u64)));
    program.push_back(unless(BPF_JSET, kWriting));
    program.push_back(answer(SECCOMP_RET_KILL_PROCESS));
    program.push_back(answer(SECCOMP_RET_ALLOW));
  };
  forbid_writing(SYS_openat, 2);
#ifdef SYS_open
  forbid_writing(SYS_open, 1);
#endif
  program.push_back(answer(SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace thane
