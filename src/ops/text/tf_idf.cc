// TfIdfVectorizer: how often each n-gram of a pool stands in a row of words or numbers.
#include <algorithm>

#include "base/format.h"
#include "ops/text/text.h"

namespace thane {

Status TfIdfVectorizerAttrs::prepare() {
  if (pool_strings.empty() == pool_int64s.empty()) {
    return invalid_model("pool_strings and pool_int64s are both given, or neither").expecting("one of them");
  }
  if (min_gram_length < 1 || max_gram_length < min_gram_length || max_skip_count < 0) {
    return invalid_model(
        format("n-grams of {} to {} items, {} skipped", min_gram_length, max_gram_length, max_skip_count));
  }
  Dims pool = pool_int64s;
  for (const std::string& word : pool_strings) {
    pool.push_back(words.emplace(word, static_cast<int64_t>(words.size())).first->second);
  }
  for (int64_t column : ngram_indexes) {
    if (column < 0 || column >= int64_t{1} << 31) return invalid_model(format("an n-gram index of {}", column));
    output_size = std::max(output_size, column + 1);
  }
  if (!weights.empty() && weights.size() != ngram_indexes.size()) {
    return invalid_model(format("{} weights for {} n-grams", weights.size(), ngram_indexes.size()));
  }
  ngrams = {-1};
  size_t ngram = 0;
  for (size_t n = 1; n <= ngram_counts.size(); ++n) {
    const int64_t begin = ngram_counts[n - 1];
    const int64_t end = n < ngram_counts.size() ? ngram_counts[n] : static_cast<int64_t>(pool.size());
    if (begin < 0 || end < begin || end > static_cast<int64_t>(pool.size()) ||
        (end - begin) % static_cast<int64_t>(n) != 0) {
      return invalid_model(format("the {}-grams are items {} to {} of a pool of {}", n, begin, end, pool.size()));
    }
    const bool wanted = static_cast<int64_t>(n) >= min_gram_length && static_cast<int64_t>(n) <= max_gram_length;
    for (auto item = static_cast<size_t>(begin); item < static_cast<size_t>(end); item += n, ++ngram) {
      if (ngram >= ngram_indexes.size()) {
        return invalid_model(format("{} n-gram indexes, fewer than n-grams", ngram_indexes.size()));
      }
      int32_t node = 0;
      for (size_t k = item; wanted && k < item + n; ++k) {
        const auto fresh = static_cast<int32_t>(ngrams.size());
        const auto [edge, added] = edges.emplace(std::pair(node, pool[k]), fresh);
        if (added) ngrams.push_back(-1);
        node = edge->second;
      }
      if (wanted) ngrams[static_cast<size_t>(node)] = static_cast<int32_t>(ngram);
    }
  }
  return ok();
}

Status infer_tf_idf_vectorizer(InferContext& context) {
  const auto& attrs = context.attrs<TfIdfVectorizerAttrs>();
  const bool strings = context.dtype(0) == DType::kString;
  if (context.dtype(0) != DType::kUndefined && strings == attrs.pool_strings.empty()) {
    return invalid_model(format("the input is {}", dtype_name(context.dtype(0)))).expecting("the type of the pool");
  }
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, DType::kFloat32), ok();
  if (dims->size() > 2) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("[C] or [N, C]");
  }
  SymDims out;
  if (dims->size() == 2) out.push_back(dims->front());
  out.emplace_back(attrs.output_size);
  context.set(0, DType::kFloat32, std::move(out));
  return ok();
}

namespace {

void count_one(const TfIdfVectorizerAttrs& attrs, size_t ngram, float* out) {
  float& column = out[attrs.ngram_indexes[ngram]];
  const float weight = attrs.weights.empty() ? 1.0f : attrs.weights[ngram];
  switch (attrs.mode) {
    case TfIdfMode::kTf: column += 1; break;
    case TfIdfMode::kIdf: column = weight; break;
    case TfIdfMode::kTfIdf: column += weight; break;
  }
}

// Counts the n-grams of one row into `out`. Items are the pool's numbers; −1 stands in none.
void count_ngrams(const TfIdfVectorizerAttrs& attrs, std::span<const int64_t> row, bool numbers_are_words, float* out) {
  const auto size = static_cast<int64_t>(row.size());
  int64_t least = attrs.min_gram_length;
  // Beyond the row's length no skip distance leaves room for two items.
  const int64_t farthest = std::min(attrs.max_skip_count, size) + 1;
  for (int64_t distance = 1; distance <= farthest; ++distance) {
    for (int64_t start = 0; start < size && (least - 1) <= (size - 1 - start) / distance; ++start) {
      int32_t node = 0;
      int64_t length = 1;
      for (int64_t at = start; at < size && length <= attrs.max_gram_length; at += distance, ++length) {
        if (numbers_are_words && row[static_cast<size_t>(at)] < 0) break;
        const auto edge = attrs.edges.find({node, row[static_cast<size_t>(at)]});
        if (edge == attrs.edges.end()) break;
        node = edge->second;
        const int32_t ngram = attrs.ngrams[static_cast<size_t>(node)];
        if (length >= least && ngram >= 0) count_one(attrs, static_cast<size_t>(ngram), out);
      }
    }
    // Single items do not depend on the distance: they count once.
    if (least == 1 && ++least > attrs.max_gram_length) break;
  }
}

}  // namespace

Status eval_tf_idf_vectorizer(KernelContext& context) {
  const auto& attrs = context.attrs<TfIdfVectorizerAttrs>();
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  const bool words = input.dtype() == DType::kString;
  std::vector<int64_t> items(static_cast<size_t>(input.size()), -1);
  for (size_t i = 0; i < items.size(); ++i) {
    if (!words) {
      items[i] = input.as_int64(static_cast<int64_t>(i));
    } else if (const auto found = attrs.words.find(input.data<std::string>()[i]); found != attrs.words.end()) {
      items[i] = found->second;
    }
  }
  std::fill_n(output.data<float>(), output.size(), 0.0f);
  const int64_t rows = input.rank() == 2 ? input.dim(0) : 1;
  const size_t columns = rows ? items.size() / static_cast<size_t>(rows) : 0;
  context.threads().parallel_for(rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* out = output.data<float>() + row * attrs.output_size;
      count_ngrams(attrs, std::span(items).subspan(static_cast<size_t>(row) * columns, columns), words, out);
    }
  });
  return ok();
}

}  // namespace thane
