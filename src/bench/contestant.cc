#include "bench/contestant.h"

#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/checked.h"
#include "base/clock.h"
#include "base/format.h"

namespace thane::bench {
namespace {

using rivals::Document;
namespace fs = std::filesystem;

// Asks the system to forget what it cached of a model, so that opening it reads the disk.
void forget_pages(const std::string& path) {
  std::error_code error;
  const auto forget = [](const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  };
  if (!fs::is_directory(path, error)) return forget(path);
  for (auto entry = fs::recursive_directory_iterator(path, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) forget(entry->path());
  }
}

}  // namespace

std::optional<double> package_joules(const std::string& folder) {
  double total = 0;
  bool found = false;
  for (int package = 0; package < 16; ++package) {
    std::ifstream file(format("{}/intel-rapl:{}/energy_uj", folder, package));
    double microjoules = 0;
    if (!(file >> microjoules)) break;
    total += microjoules * 1e-6;
    found = true;
  }
  return found ? std::optional(total) : std::nullopt;
}

Result<std::unique_ptr<Contestant>> Contestant::open(const Entry& entry, const Limits& limits, bool cold) {
  if (cold) forget_pages(entry.model);
  std::unique_ptr<Contestant> one(new Contestant);
  one->limits_ = limits;
  const double start = monotonic_seconds();
  THANE_ASSIGN(one->child_, rivals::Child::start(entry.launch));
  THANE_ASSIGN(const Document hello, one->child_->call({{"do", "hello"}}, limits.open_seconds));
  one->phases_.start = monotonic_seconds() - start;
  one->versions_ = rivals::member(hello, "versions");
  one->timed_ = rivals::text(hello, "timed");
  Document request = {{"do", "open"}, {"model", entry.model}, {"threads", entry.threads}, {"options", entry.options}};
  request["options"]["format"] = entry.kind;
  THANE_ASSIGN(const Document opened, one->child_->call(request, limits.open_seconds));
  one->phases_.open = rivals::real(opened, "seconds");
  one->inputs_ = rivals::member(opened, "inputs");
  if (!one->inputs_.is_array()) return runtime_error("did not say what inputs it takes");
  return one;
}

Result<std::vector<NamedTensor>> Contestant::first_run(const std::vector<NamedTensor>& inputs) {
  Document request = {{"do", "bind"}, {"inputs", Document::array()}};
  size_t offset = 0;
  for (const NamedTensor& input : inputs) {
    const Tensor& tensor = input.tensor;
    if (tensor.dtype() == DType::kString)
      return unsupported("inputs that are strings cannot be shared with other engines");
    offset = (offset + 63) / 64 * 64;
    THANE_TRY(child_->write_tensors({static_cast<const std::byte*>(tensor.raw()), tensor.size_bytes()}, offset));
    request["inputs"].push_back({{"name", input.name},
                                 {"dtype", std::string(dtype_name(tensor.dtype()))},
                                 {"shape", tensor.dims()},
                                 {"offset", offset}});
    offset += tensor.size_bytes();
  }
  const double start = monotonic_seconds();
  THANE_ASSIGN(const Document bound, child_->call(request, limits_.open_seconds));
  (void)bound;
  phases_.bind = monotonic_seconds() - start;
  THANE_ASSIGN(const Document first, child_->call({{"do", "first"}}, limits_.open_seconds));
  phases_.first = rivals::real(first, "seconds");
  return tensors(rivals::member(first, "outputs"));
}

Result<std::vector<NamedTensor>> Contestant::inside(const std::vector<std::string>& names) {
  THANE_ASSIGN(const Document answer, child_->call({{"do", "tensors"}, {"names", names}}, limits_.open_seconds));
  return tensors(rivals::member(answer, "outputs"));
}

// What another process says about its memory is checked before any is used.
Result<std::vector<NamedTensor>> Contestant::tensors(const Document& described) const {
  std::vector<NamedTensor> out;
  if (!described.is_array()) return runtime_error("delivered no list of outputs");
  for (const Document& item : described) {
    const std::string name = rivals::text(item, "name"), kind = rivals::text(item, "dtype");
    const auto dtype = dtype_from_name(kind);
    Dims dims;
    for (const Document& size : rivals::member(item, "shape"))
      dims.push_back(size.is_number_integer() ? size.get<int64_t>() : -1);
    const auto count = checked_product(dims);
    const int64_t offset = rivals::integer(item, "offset", -1);
    if (!dtype || *dtype == DType::kString || !count || offset < 0) {
      return runtime_error(format("delivered output '{}' as {}, which cannot be read", name, kind));
    }
    const auto bytes = byte_count(*dtype, *count);
    if (!bytes || static_cast<int64_t>(*bytes) != rivals::integer(item, "bytes", -1))
      return runtime_error(format("delivered output '{}' with a wrong size", name));
    THANE_ASSIGN(Tensor tensor, Tensor::allocate(*dtype, dims));
    THANE_TRY(child_->read_tensors({static_cast<std::byte*>(tensor.raw()), tensor.size_bytes()},
                                   static_cast<size_t>(offset)));
    out.push_back({name, std::move(tensor)});
  }
  return out;
}

Result<Block> Contestant::measured(const Document& request, double seconds) {
  const auto before = package_joules();
  THANE_ASSIGN(const Document answer, child_->call(request, limits_.run_seconds + 3 * seconds));
  const auto after = package_joules();
  Block block;
  block.elapsed = rivals::real(answer, "elapsed");
  block.cpu_seconds = rivals::real(answer, "cpu_seconds");
  if (before && after && *after >= *before) block.joules = *after - *before;
  const int64_t count = rivals::integer(answer, "count");
  if (count < 0 || count > 4'000'000) return runtime_error("delivered an impossible number of times");
  block.samples.resize(static_cast<size_t>(count));
  THANE_TRY(child_->read_tensors(std::as_writable_bytes(std::span(block.samples)), 0));
  for (const double sample : block.samples) {
    if (!(sample >= 0 && std::isfinite(sample))) return runtime_error("delivered times that are none");
  }
  return block;
}

Result<Block> Contestant::block(double seconds, size_t least, size_t most, int settle) {
  return measured({{"do", "block"}, {"seconds", seconds}, {"least", least}, {"most", most}, {"settle", settle}},
                  seconds);
}
Result<Block> Contestant::streams(int streams, double seconds) {
  return measured({{"do", "streams"}, {"streams", streams}, {"seconds", seconds}}, seconds);
}
Result<Block> Contestant::serve(double rate, double seconds, uint64_t seed) {
  return measured({{"do", "serve"}, {"rate", rate}, {"seconds", seconds}, {"seed", seed}}, seconds);
}

}  // namespace thane::bench
