// What was measured, kept: a SQLite file in the user's data folder. Several processes may write at once, and a process
// that is killed, or a disk that is full, loses no run that was already recorded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "rivals/document.h"

struct sqlite3;

namespace thane::bench {

struct RecordLine {
  std::string id, time, kind, need, summary, command;
};

class Records {
 public:
  // Makes the folder and the file where they are missing.
  static Result<std::unique_ptr<Records>> open(const std::string& home);
  ~Records();
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // Adds "id" and "time" to the result and keeps it. On success it is on the disk.
  Status add(rivals::Document& result);
  // `id`: whole or the first letters of it, when they tell.
  Result<rivals::Document> find(const std::string& id) const;
  Result<std::vector<RecordLine>> list(int64_t most) const;  // the latest first

 private:
  Records() = default;
  Error failed(const std::string& doing) const;
  sqlite3* db_ = nullptr;
  std::string path_;
};

// SHA-256 of a model file; of a folder, of the names and digests of all files in it. Empty: it cannot be read.
std::string model_digest(const std::string& path);

// What changed since a result was made that its verdict depends on: thane, engines' versions, CPU, the model's bytes.
// Empty: it still holds. `installed`: engine name and version as they are now.
std::vector<std::string> expiry(const rivals::Document& result,
                                const std::vector<std::pair<std::string, std::string>>& installed);

}  // namespace thane::bench
