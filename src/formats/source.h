// The file a model is read from, its companions, and how much memory it may claim beyond its own bytes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "formats/options.h"
#include "ir/tensor.h"

namespace thane {

class Source {
 public:
  Source(std::shared_ptr<const MappedFile> file, const ReadOptions& options);

  std::string_view bytes() const;
  const std::shared_ptr<const MappedFile>& file() const { return file_; }
  // Memory for `bytes`: a view when they lie in the file or one of its companions, else a copy.
  Result<std::shared_ptr<Buffer>> share(std::string_view bytes) const;
  // All of another file which this one names; opened once. Confined to the file's folder.
  Result<std::string_view> companion(std::string_view relative_path);
  // Asks for memory that a few bytes of the file may claim much of (dense forms of sparse tensors, inlined functions).
  // Fails when it adds up to more than 48 MiB plus the file's size.
  Status claim(int64_t bytes);
  // The tensor to use for the weight of this name: the file's own, or what ReadOptions::weight puts in its place.
  Result<Tensor> weight(std::string_view name, Tensor own) const;

 private:
  std::shared_ptr<const MappedFile> file_;
  std::string folder_;
  bool companions_allowed_;
  std::function<Result<Tensor>(std::string_view, const Tensor&)> weight_;
  std::map<std::string, std::shared_ptr<const MappedFile>, std::less<>> companions_;
  int64_t claimable_bytes_;
};

}  // namespace thane
