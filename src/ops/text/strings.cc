// StringConcat, StringSplit, StringNormalizer, RegexFullMatch.
#include <algorithm>

#include "base/format.h"
#include "ops/text/text.h"
#include "ops/text/unicode.h"

namespace thane {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

// As Python's str.split(): white space around words is dropped, that behind the last split stays.
std::vector<std::string_view> split_words(std::string_view text, int64_t most_splits) {
  std::vector<std::string_view> parts;
  for (size_t at = text.find_first_not_of(kWhiteSpace); at != std::string_view::npos;
       at = text.find_first_not_of(kWhiteSpace, at)) {
    if (most_splits >= 0 && static_cast<int64_t>(parts.size()) == most_splits) {
      parts.push_back(text.substr(at));
      break;
    }
    const size_t end = std::min(text.find_first_of(kWhiteSpace, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view delimiter, int64_t most_splits) {
  std::vector<std::string_view> parts;
  size_t at = 0;
  for (size_t end; (end = text.find(delimiter, at)) != std::string_view::npos; at = end + delimiter.size()) {
    if (most_splits >= 0 && static_cast<int64_t>(parts.size()) == most_splits) break;
    parts.push_back(text.substr(at, end - at));
  }
  parts.push_back(text.substr(at));
  return parts;
}

}  // namespace

Status infer_string_concat(InferContext& context) {
  const SymDims *a = context.dims(0), *b = context.dims(1);
  if (!a || !b) return context.set(0, DType::kString), ok();
  const SymDims* const shapes[] = {a, b};
  THANE_ASSIGN(SymDims out, broadcast(shapes));
  context.set(0, DType::kString, std::move(out));
  return ok();
}

Status eval_string_concat(KernelContext& context) {
  const Tensor &a = context.input(0), &b = context.input(1);
  Tensor& output = context.output(0);
  // Strides of an input over the output's axes: 0 where it is repeated.
  const auto strides_over_output = [&](const Tensor& tensor) {
    const Dims own = row_major_strides(tensor.dims());
    Dims strides(output.rank(), 0);
    const size_t lead = output.rank() - tensor.rank();
    for (size_t i = 0; i < tensor.rank(); ++i) strides[lead + i] = tensor.dim(i) == 1 ? 0 : own[i];
    return strides;
  };
  const Dims a_strides = strides_over_output(a), b_strides = strides_over_output(b);
  for (int64_t i = 0; i < output.size(); ++i) {
    int64_t rest = i, a_at = 0, b_at = 0;
    for (size_t axis = output.rank(); axis-- > 0; rest /= output.dim(axis)) {
      a_at += rest % output.dim(axis) * a_strides[axis];
      b_at += rest % output.dim(axis) * b_strides[axis];
    }
    output.data<std::string>()[i] = a.data<std::string>()[a_at] + b.data<std::string>()[b_at];
  }
  return ok();
}

Status infer_string_split(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) {
    context.set(0, DType::kString);
    context.set(1, DType::kInt64);
    return ok();
  }
  SymDims out = *dims;
  out.push_back(Dim::unknown());
  context.set(0, DType::kString, std::move(out));
  context.set(1, DType::kInt64, *dims);
  return ok();
}

Status eval_string_split(KernelContext& context) {
  const auto& attrs = context.attrs<StringSplitAttrs>();
  const Tensor& input = context.input(0);
  const int64_t most_splits = attrs.maxsplit.value_or(-1);
  std::vector<std::vector<std::string_view>> parts;
  size_t most = 0;
  for (const std::string& text : input.span<std::string>()) {
    parts.push_back(attrs.delimiter.empty() ? split_words(text, most_splits)
                                            : split_at(text, attrs.delimiter, most_splits));
    most = std::max(most, parts.back().size());
  }
  Dims dims = input.dims();
  THANE_ASSIGN(Tensor * counts, context.allocate(1, DType::kInt64, dims));
  dims.push_back(static_cast<int64_t>(most));
  THANE_ASSIGN(Tensor * words, context.allocate(0, DType::kString, std::move(dims)));
  for (size_t i = 0; i < parts.size(); ++i) {
    counts->data<int64_t>()[i] = static_cast<int64_t>(parts[i].size());
    for (size_t k = 0; k < parts[i].size(); ++k) words->data<std::string>()[i * most + k] = parts[i][k];
  }
  return ok();
}

Status StringNormalizerAttrs::prepare() {
  for (const std::string& word : stopwords) stops.insert(is_case_sensitive ? word : map_case(word, to_lower));
  return ok();
}

Status infer_string_normalizer(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, DType::kString), ok();
  const bool row = dims->size() == 2 && (!dims->front().is_number() || dims->front().is_number(1));
  if (dims->size() != 1 && !row) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("[C] or [1, C]");
  }
  SymDims out = *dims;
  out.back() = Dim::unknown();
  context.set(0, DType::kString, std::move(out));
  return ok();
}

Status eval_string_normalizer(KernelContext& context) {
  const auto& attrs = context.attrs<StringNormalizerAttrs>();
  const Tensor& input = context.input(0);
  std::vector<std::string> kept;
  for (const std::string& text : input.span<std::string>()) {
    if (attrs.stops.contains(attrs.is_case_sensitive ? text : map_case(text, to_lower))) continue;
    switch (attrs.case_change) {
      case CaseChange::kNone: kept.push_back(text); break;
      case CaseChange::kLower: kept.push_back(map_case(text, to_lower)); break;
      case CaseChange::kUpper: kept.push_back(map_case(text, to_upper)); break;
    }
  }
  if (kept.empty()) kept.emplace_back();
  Dims dims = input.dims();
  dims.back() = static_cast<int64_t>(kept.size());
  THANE_ASSIGN(Tensor * output, context.allocate(0, DType::kString, std::move(dims)));
  std::move(kept.begin(), kept.end(), output->data<std::string>());
  return ok();
}

Status RegexFullMatchAttrs::prepare() {
  THANE_ASSIGN(regex, Regex::compile(pattern));
  return ok();
}

Status infer_regex_full_match(InferContext& context) {
  const SymDims* dims = context.dims(0);
  context.set(0, DType::kBool, dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status eval_regex_full_match(KernelContext& context) {
  const Regex& regex = *context.attrs<RegexFullMatchAttrs>().regex;
  const Tensor& input = context.input(0);
  bool* out = context.output(0).data<bool>();
  context.threads().parallel_for(input.size(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = regex.full_match(input.data<std::string>()[i]);
  });
  return ok();
}

}  // namespace thane
