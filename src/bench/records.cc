#include "bench/records.h"

#include <sqlite3.h>
#include <sys/random.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <span>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/format.h"
#include "base/sha256.h"
#include "thane/version.h"

namespace thane::bench {
namespace {

using rivals::Document;

constexpr int kBusyMilliseconds = 20'000;
// The version of the table stands in the file; later ones add columns.
constexpr const char* kSchema =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, need TEXT NOT NULL,"
    " summary TEXT NOT NULL, command TEXT NOT NULL, result TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS runs_by_time ON runs (time);"
    "PRAGMA user_version=1;";

std::string fresh_id() {
  unsigned char bytes[4] = {};
  if (::getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
    const auto ticks = static_cast<uint64_t>(monotonic_seconds() * 1e9);
    for (int i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(ticks >> (8 * i));
  }
  return format("{:02x}{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]);
}

std::string time_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

class Statement {
 public:
  Statement(sqlite3* db, const char* sql) { code_ = ::sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr); }
  ~Statement() { ::sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  void bind(int index, const std::string& text) {
    if (code_ == SQLITE_OK)
      code_ = ::sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  int step() { return code_ == SQLITE_OK ? ::sqlite3_step(statement_) : code_; }
  std::string text(int column) const {
    const auto* bytes = ::sqlite3_column_text(statement_, column);
    return bytes ? std::string(reinterpret_cast<const char*>(bytes),
                               static_cast<size_t>(::sqlite3_column_bytes(statement_, column)))
                 : "";
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int code_ = SQLITE_OK;
};

}  // namespace

Result<std::unique_ptr<Records>> Records::open(const std::string& home) {
  std::error_code error;
  std::filesystem::create_directories(home, error);
  if (error) return io_error(error.message()).at(home);
  std::unique_ptr<Records> records(new Records);
  records->path_ = home + "/records.sqlite";
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (::sqlite3_open_v2(records->path_.c_str(), &records->db_, flags, nullptr) != SQLITE_OK)
    return records->failed("opening");
  ::sqlite3_busy_timeout(records->db_, kBusyMilliseconds);
  // Two processes that both make the file: the later one waits, and may have to ask again.
  for (int attempt = 0;; ++attempt) {
    const int code = ::sqlite3_exec(records->db_, kSchema, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return records;
    if ((code != SQLITE_BUSY && code != SQLITE_LOCKED) || attempt > 200) return records->failed("preparing");
    ::sqlite3_sleep(50);
  }
}

Records::~Records() { ::sqlite3_close_v2(db_); }

Error Records::failed(const std::string& doing) const {
  return io_error(format("{}: {}", doing, db_ ? ::sqlite3_errmsg(db_) : "out of memory")).at(path_);
}

Status Records::add(Document& result) {
  const Document manifest = rivals::member(result, "manifest");
  const std::string time = time_text();
  for (int attempt = 0; attempt < 8; ++attempt) {
    const std::string id = fresh_id();
    Document kept = {{"id", id}, {"time", time}};
    kept.update(result);
    kept["id"] = id;
    kept["time"] = time;
    Statement insert(db_, "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, id);
    insert.bind(2, time);
    insert.bind(3, rivals::text(result, "kind"));
    insert.bind(4, rivals::text(result, "need"));
    insert.bind(5, rivals::text(rivals::member(result, "verdict"), "text"));
    insert.bind(6, rivals::text(manifest, "command"));
    insert.bind(7, rivals::to_text(kept));
    const int code = insert.step();
    if (code == SQLITE_CONSTRAINT) continue;  // an id that is taken
    if (code != SQLITE_DONE) return failed("recording");
    result = std::move(kept);
    return ok();
  }
  return failed("recording");
}

Result<Document> Records::find(const std::string& id) const {
  if (id.empty() || id.find_first_not_of("0123456789abcdef") != std::string::npos)
    return invalid_argument(format("'{}'", id)).at("the record's id").expecting("letters as thane history shows them");
  Statement select(db_, "SELECT result FROM runs WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2");
  select.bind(1, id);
  const int code = select.step();
  if (code == SQLITE_DONE) return invalid_argument("no such record").at(id).hinting("thane history lists them");
  if (code != SQLITE_ROW) return failed("reading");
  const std::string text = select.text(0);
  if (select.step() == SQLITE_ROW) return invalid_argument("more than one record starts so").at(id);
  return rivals::parse_document(text);
}

Result<std::vector<RecordLine>> Records::list(int64_t most) const {
  Statement select(db_,
                   "SELECT id, time, kind, need, summary, command FROM runs ORDER BY time DESC, rowid DESC LIMIT ?");
  select.bind(1, std::to_string(most));
  std::vector<RecordLine> lines;
  int code;
  while ((code = select.step()) == SQLITE_ROW) {
    lines.push_back({select.text(0), select.text(1), select.text(2), select.text(3), select.text(4), select.text(5)});
  }
  if (code != SQLITE_DONE) return failed("reading");
  return lines;
}

std::string model_digest(const std::string& path) {
  namespace fs = std::filesystem;
  const auto of_file = [](const std::string& file) {
    auto mapped = MappedFile::open(file);
    return mapped.ok() ? sha256_hex((*mapped)->bytes()) : "";
  };
  std::error_code error;
  if (!fs::is_directory(path, error)) return of_file(path);
  std::vector<std::string> lines;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    lines.push_back(it->path().lexically_relative(path).string() + " " + of_file(it->path().string()) + "\n");
  }
  if (error) return "";
  std::ranges::sort(lines);
  std::string all;
  for (const std::string& line : lines) all += line;
  return sha256_hex(std::as_bytes(std::span(all)));
}

std::vector<std::string> expiry(const Document& result,
                                const std::vector<std::pair<std::string, std::string>>& installed) {
  std::vector<std::string> reasons;
  const Document& manifest = rivals::member(result, "manifest");
  if (const std::string was = rivals::text(manifest, "thane"); was != THANE_VERSION)
    reasons.push_back(format("thane was {}, is {}", was, THANE_VERSION));
  if (const std::string was = rivals::text(rivals::member(manifest, "machine"), "cpu"); was != cpu_facts().model)
    reasons.push_back(format("the CPU was {}, is {}", was, cpu_facts().model));
  for (const Document& model : rivals::member(manifest, "models")) {
    const std::string path = rivals::text(model, "path"), digest = rivals::text(model, "sha256");
    if (digest.empty()) continue;
    const std::string now = model_digest(path);
    if (now.empty())
      reasons.push_back(path + " is not there any more");
    else if (now != digest)
      reasons.push_back(path + " has changed");
  }
  for (const Document& standing : rivals::member(result, "standings")) {
    const std::string engine = rivals::text(standing, "engine");
    const std::string was = rivals::text(standing, "engine_version");
    if (engine == "native" || was.empty()) continue;
    const std::string* is = nullptr;
    for (const auto& [name, version] : installed)
      if (name == engine) is = &version;
    if (!is)
      reasons.push_back(engine + " is not installed any more");
    else if (*is != was)
      reasons.push_back(format("{} was {}, is {}", engine, was, *is));
  }
  return reasons;
}

}  // namespace thane::bench
