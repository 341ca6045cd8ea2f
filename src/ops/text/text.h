// Ops on strings. Strings are UTF-8; semantics are those of ONNX opset 27.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "ir/context.h"
#include "ops/text/regex.h"

namespace thane {

struct StringSplitAttrs : Attrs {
  std::string delimiter;            // empty: runs of white space
  std::optional<int64_t> maxsplit;  // absent or negative: no bound
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("delimiter", self.delimiter);
    v("maxsplit", self.maxsplit);
  }
};

enum class CaseChange { kNone, kLower, kUpper };
struct StringNormalizerAttrs : Attrs {
  CaseChange case_change = CaseChange::kNone;
  bool is_case_sensitive = false;  // how stop words are compared
  std::string locale;              // case mappings here are Unicode's, the same everywhere
  std::vector<std::string> stopwords;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"NONE", "LOWER", "UPPER"};
    v.choice("case_change_action", self.case_change, kNames);
    v("is_case_sensitive", self.is_case_sensitive);
    v("locale", self.locale);
    v("stopwords", self.stopwords);
  }
  Status prepare();
  std::unordered_set<std::string> stops;  // lower-cased unless case matters
};

struct RegexFullMatchAttrs : Attrs {
  std::string pattern;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("pattern", self.pattern);
  }
  Status prepare();
  std::shared_ptr<const Regex> regex;
};

enum class TfIdfMode { kTf, kIdf, kTfIdf };
struct TfIdfVectorizerAttrs : Attrs {
  TfIdfMode mode = TfIdfMode::kTf;
  int64_t min_gram_length = 1, max_gram_length = 1;
  int64_t max_skip_count = 0;  // items left out between those of an n-gram, at most
  Dims ngram_counts;           // where the 1-grams, 2-grams, … begin in the pool
  Dims ngram_indexes;          // output column of each n-gram of the pool
  std::vector<float> weights;  // of each n-gram of the pool; empty: ones
  std::vector<std::string> pool_strings;
  Dims pool_int64s;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"TF", "IDF", "TFIDF"};
    v.choice("mode", self.mode, kNames);
    v.required("min_gram_length", self.min_gram_length);
    v.required("max_gram_length", self.max_gram_length);
    v.required("max_skip_count", self.max_skip_count);
    v.required("ngram_counts", self.ngram_counts);
    v.required("ngram_indexes", self.ngram_indexes);
    v("weights", self.weights);
    v("pool_strings", self.pool_strings);
    v("pool_int64s", self.pool_int64s);
  }
  Status prepare();

  // The pool as a trie. Node 0 is the root; n-gram −1: none ends here. Strings are numbered.
  std::unordered_map<std::string, int64_t> words;
  std::map<std::pair<int32_t, int64_t>, int32_t> edges;
  std::vector<int32_t> ngrams;
  int64_t output_size = 0;
};

// strings.cc
Status infer_string_concat(InferContext& context);
Status eval_string_concat(KernelContext& context);
Status infer_string_split(InferContext& context);
Status eval_string_split(KernelContext& context);
Status infer_string_normalizer(InferContext& context);
Status eval_string_normalizer(KernelContext& context);
Status infer_regex_full_match(InferContext& context);
Status eval_regex_full_match(KernelContext& context);

// tf_idf.cc
Status infer_tf_idf_vectorizer(InferContext& context);
Status eval_tf_idf_vectorizer(KernelContext& context);

}  // namespace thane
