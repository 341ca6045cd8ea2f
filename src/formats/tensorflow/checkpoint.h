// TensorFlow's checkpoints: "bundles" (a table that says where each variable lies in data files beside it) and the
// older kind, whose tables hold the values themselves.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/source.h"
#include "formats/tensorflow/proto.h"

namespace thane::tensorflow {

class Checkpoint {
 public:
  // `prefix` is relative to the source's folder: "variables/variables" for variables/variables.index and so on. A V1
  // checkpoint is the file `prefix` itself, or its shards.
  static Result<Checkpoint> open(Source& source, const std::string& prefix);

  bool contains(std::string_view key) const { return entries_.contains(key); }
  std::vector<std::string> keys() const;
  // A variable; a view of its data file where it lies in one piece.
  Result<Tensor> read(std::string_view key) const;

  // Of checkpoints written by tf.train.Checkpoint: the keys of variables by the names these had in the graph. Names
  // that several variables share are left out.
  Result<std::map<std::string, std::string>> keys_by_full_name() const;

 private:
  struct Slice {
    Dims start, length;  // per axis; length -1: all of it
    std::string value;   // of the table: BundleEntryProto or SavedSlice
  };
  struct Entry {
    int64_t type = 0;
    Dims dims;
    int64_t shard = 0, offset = 0, size = 0;
    std::vector<Slice> slices;  // pieces, when it was saved in several (or by V1)
  };
  explicit Checkpoint(Source& source) : source_(&source) {}
  Status add_bundle(const std::map<std::string, std::string, std::less<>>& table);
  Status add_saved_slices(const std::map<std::string, std::string, std::less<>>& table);
  Result<Entry> decode_entry(const std::string& message) const;
  Result<Tensor> read_whole(const Entry& entry) const;
  Result<Tensor> read_slices(const Entry& entry) const;

  Source* source_;
  std::string prefix_;
  int64_t shards_ = 0;  // 0: a V1 checkpoint
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace thane::tensorflow
