// Ops on strings of bytes as text preprocessing of other frameworks uses them.
#pragma once

#include <memory>

#include "ir/context.h"
#include "ops/text/regex.h"

namespace thane {

struct StringCaseAttrs : Attrs {
  bool upper = false;
  bool unicode = false;  // else only the letters of ASCII change
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("upper", self.upper);
    v("unicode", self.unicode);
  }
};
Status eval_string_case(KernelContext& context);
Status eval_string_strip(KernelContext& context);  // white space at both ends

struct StringUnitAttrs : Attrs {
  bool characters = false;  // count UTF-8 characters instead of bytes
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("characters", self.characters);
  }
};
Status eval_string_length(KernelContext& context);  // int32
// string, first position (negative: from the end), length → the part. Positions broadcast.
Status infer_substring(InferContext& context);
Status eval_substring(KernelContext& context);

// Matches of `pattern` replaced by `rewrite`, in which \1 … \9 stand for groups and \0 for the whole.
struct RegexReplaceAttrs : Attrs {
  std::string pattern, rewrite;
  bool global = true;  // else the first match only
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("pattern", self.pattern);
    v("rewrite", self.rewrite);
    v("global", self.global);
  }
  Status prepare();
  std::shared_ptr<const Regex> regex;
};
Status eval_regex_replace(KernelContext& context);

// The strings' bytes as numbers, along a new last axis; all of one length. A scalar gives a vector.
struct StringBytesAttrs : Attrs {
  DType dtype = DType::kUInt8;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("dtype", self.dtype);
  }
};
Status infer_string_bytes(InferContext& context);
Status eval_string_bytes(KernelContext& context);

// Strings [n] → parts as a sparse matrix: indices [k, 2], values [k], shape [2].
enum class SplitKind : uint8_t { kSeparator, kAnyOf, kWhiteSpace, kBytes };
inline constexpr std::string_view kSplitKindNames[] = {"separator", "any_of", "white_space", "bytes"};
struct StringPartsAttrs : Attrs {
  SplitKind kind = SplitKind::kSeparator;
  std::string separator;
  bool skip_empty = false;
  int64_t most_splits = -1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("kind", self.kind, kSplitKindNames);
    v("separator", self.separator);
    v("skip_empty", self.skip_empty);
    v("most_splits", self.most_splits);
  }
};
Status infer_string_parts(InferContext& context);
Status eval_string_parts(KernelContext& context);

// Numbers as text, in the manner of printf.
struct NumberToStringAttrs : Attrs {
  int64_t precision = -1, width = -1;
  bool scientific = false, shortest = false;
  std::string fill;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("precision", self.precision);
    v("width", self.width);
    v("scientific", self.scientific);
    v("shortest", self.shortest);
    v("fill", self.fill);
  }
};
Status eval_number_to_string(KernelContext& context);

enum class StringHash : uint8_t { kFarm, kSip, kMurmur };
inline constexpr std::string_view kStringHashNames[] = {"farm", "sip", "murmur"};
struct HashBucketAttrs : Attrs {
  StringHash hash = StringHash::kFarm;
  int64_t buckets = 1;
  Dims key;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("hash", self.hash, kStringHashNames);
    v.required("buckets", self.buckets);
    v("key", self.key);
  }
  Status prepare();
};
Status eval_hash_bucket(KernelContext& context);

// Crosses features: inputs [batch, n_i] of texts or numbers → int64 [batch, n_0 · n_1 · …], a hash of each choice of
// one feature from every input, the last input's varying fastest. As TensorFlow's SparseCross computes it.
struct HashCrossAttrs : Attrs {
  int64_t buckets = 0;  // 0: the whole hash, which is never negative
  int64_t key = 0;      // the bits of an unsigned number
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("buckets", self.buckets);
    v.required("key", self.key);
  }
};
Status infer_hash_cross(InferContext& context);
Status eval_hash_cross(KernelContext& context);

struct StringReduceJoinAttrs : Attrs {
  Dims axes;
  bool keepdims = false;
  std::string separator;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axes", self.axes);
    v("keepdims", self.keepdims);
    v("separator", self.separator);
  }
};
Status infer_string_reduce_join(InferContext& context);
Status eval_string_reduce_join(KernelContext& context);

// Runs of neighbouring strings joined, per row of a ragged list: strings, row splits → n-grams, their row splits.
struct StringNGramsAttrs : Attrs {
  Dims widths;
  std::string separator, left_pad, right_pad;
  int64_t pad_width = 0;    // pads per side; negative: one less than the width
  bool keep_short = false;  // a row shorter than the width gives itself
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("widths", self.widths);
    v("separator", self.separator);
    v("left_pad", self.left_pad);
    v("right_pad", self.right_pad);
    v("pad_width", self.pad_width);
    v("keep_short", self.keep_short);
  }
  Status prepare();
};
Status infer_string_ngrams(InferContext& context);
Status eval_string_ngrams(KernelContext& context);

// shape (−1: what is needed), values, default, row partitions → the rows padded to one length.
struct RaggedToDenseAttrs : Attrs {
  std::vector<std::string> partitions;  // FIRST_DIM_SIZE, VALUE_ROWIDS, ROW_SPLITS; one per partition input
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("partitions", self.partitions);
  }
};
Status infer_ragged_to_dense(InferContext& context);
Status eval_ragged_to_dense(KernelContext& context);

}  // namespace thane
