#include "ops/strings/strings.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/strings/hashes.h"
#include "ops/text/unicode.h"

namespace thane {
namespace {

constexpr std::string_view kBlank = " \t\n\v\f\r";

// output[i] = f(input[i]).
template <class Out, class F>
Status map_strings(KernelContext& context, const F& f) {
  const Tensor &in = context.input(0), &out = context.output(0);
  for (int64_t i = 0; i < in.size(); ++i) out.data<Out>()[i] = f(in.data<std::string>()[i]);
  return ok();
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

}  // namespace

Status eval_string_case(KernelContext& context) {
  const auto& attrs = context.attrs<StringCaseAttrs>();
  return map_strings<std::string>(context, [&](const std::string& text) {
    if (attrs.unicode) return attrs.upper ? full_upper_case(text) : full_lower_case(text);
    std::string mapped = text;
    for (char& c : mapped) {
      if (attrs.upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
    }
    return mapped;
  });
}

Status eval_string_strip(KernelContext& context) {
  return map_strings<std::string>(context, [](const std::string& text) {
    const size_t begin = text.find_first_not_of(kBlank);
    return begin == std::string::npos ? std::string() : text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
  });
}

Status eval_string_length(KernelContext& context) {
  const bool characters = context.attrs<StringUnitAttrs>().characters;
  return map_strings<int32_t>(context, [&](const std::string& text) {
    return static_cast<int32_t>(characters ? std::count_if(text.begin(), text.end(), starts_character)
                                           : static_cast<std::ptrdiff_t>(text.size()));
  });
}

Status infer_substring(InferContext& context) {
  const SymDims *text = context.dims(0), *at = context.dims(1);
  if (!text || !at) return context.set(0, DType::kString), ok();
  const SymDims* const shapes[] = {text, at};
  THANE_ASSIGN(SymDims dims, broadcast(shapes));
  context.set(0, DType::kString, std::move(dims));
  return ok();
}

Status eval_substring(KernelContext& context) {
  const bool characters = context.attrs<StringUnitAttrs>().characters;
  const Tensor &text = context.input(0), &at = context.input(1), &length = context.input(2), &out = context.output(0);
  if (at.dims() != length.dims()) return runtime_error("positions and lengths differ in shape");
  const BroadcastWalk<2> walk(out.dims(), {&text.dims(), &at.dims()});
  Status status;
  walk.for_rows(0, out.size(), [&](const std::array<int64_t, 2>& offsets, int64_t to, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      const std::string& whole = text.data<std::string>()[offsets[0] + i * walk.inner_strides[0]];
      const int64_t place = offsets[1] + i * walk.inner_strides[1];
      // Where each unit begins, when these are characters.
      std::vector<size_t> starts;
      if (characters) {
        for (size_t k = 0; k < whole.size(); ++k) {
          if (starts_character(whole[k])) starts.push_back(k);
        }
      }
      const auto units = static_cast<int64_t>(characters ? starts.size() : whole.size());
      int64_t begin = at.as_int64(place);
      if (begin < 0) begin += units;
      if (begin < 0 || begin > units) {
        if (status.ok())
          status = runtime_error(format("position {} of a string of length {}", at.as_int64(place), units));
        continue;
      }
      const int64_t end = std::min(units, begin + std::clamp<int64_t>(length.as_int64(place), 0, units));
      const auto byte = [&](int64_t unit) {
        return !characters    ? static_cast<size_t>(unit)
               : unit < units ? starts[static_cast<size_t>(unit)]
                              : whole.size();
      };
      out.data<std::string>()[to + i] = whole.substr(byte(begin), byte(end) - byte(begin));
    }
  });
  return status;
}

Status RegexReplaceAttrs::prepare() {
  THANE_ASSIGN(regex, Regex::compile(pattern));
  return ok();
}

Status eval_regex_replace(KernelContext& context) {
  const auto& attrs = context.attrs<RegexReplaceAttrs>();
  const auto append_rewrite = [&](std::string& out, const std::string& text, const std::vector<size_t>& match) {
    for (size_t i = 0; i < attrs.rewrite.size(); ++i) {
      const char c = attrs.rewrite[i];
      if (c != '\\' || i + 1 == attrs.rewrite.size()) {
        out.push_back(c);
        continue;
      }
      const char next = attrs.rewrite[++i];
      if (next < '0' || next > '9') {
        out.push_back(next);
        continue;
      }
      const auto group = static_cast<size_t>(next - '0');
      if (2 * group + 1 < match.size() && match[2 * group] != std::string::npos &&
          match[2 * group + 1] != std::string::npos)
        out.append(text, match[2 * group], match[2 * group + 1] - match[2 * group]);
    }
  };
  return map_strings<std::string>(context, [&](const std::string& text) {
    std::string out;
    size_t from = 0, copied = 0;
    while (from <= text.size()) {
      const std::vector<size_t> match = attrs.regex->search(text, from);
      if (match.empty()) break;
      const size_t begin = match[0], end = match[1];
      out.append(text, copied, begin - copied);
      copied = begin;
      append_rewrite(out, text, match);
      copied = end;
      if (!attrs.global) break;
      if (end > begin) {
        from = end;
        // What is empty here was already part of the match before.
        if (from < text.size()) {
          const std::vector<size_t> again = attrs.regex->search(text, from);
          if (!again.empty() && again[0] == again[1] && again[0] == from) {
            size_t next = from;
            next_code_point(text, next);
            out.append(text, from, next - from);
            copied = from = next;
          }
        } else {
          break;
        }
      } else {
        if (end >= text.size()) break;
        size_t next = end;
        next_code_point(text, next);
        out.append(text, end, next - end);
        copied = from = next;
      }
    }
    out.append(text, copied);
    return out;
  });
}

Status infer_string_bytes(InferContext& context) {
  const DType dtype = context.attrs<StringBytesAttrs>().dtype;
  if ((mask_of(dtype) & kFixedSize) == 0) return invalid_model(format("bytes as {}", dtype_name(dtype)));
  std::optional<SymDims> dims;
  if (const SymDims* in = context.dims(0)) {
    dims = *in;
    dims->push_back(Dim());
  }
  context.set(0, dtype, std::move(dims));
  return ok();
}

Status eval_string_bytes(KernelContext& context) {
  const Tensor& in = context.input(0);
  const DType dtype = context.attrs<StringBytesAttrs>().dtype;
  const size_t bytes = in.size() > 0 ? in.data<std::string>()[0].size() : 0;
  if (bytes % dtype_size(dtype) != 0) return runtime_error(format("{} bytes are no {}s", bytes, dtype_name(dtype)));
  Dims dims = in.dims();
  dims.push_back(static_cast<int64_t>(bytes / dtype_size(dtype)));
  THANE_ASSIGN(Tensor * out, context.allocate(0, dtype, dims));
  auto* to = static_cast<char*>(out->raw());
  for (int64_t i = 0; i < in.size(); ++i) {
    const std::string& text = in.data<std::string>()[i];
    if (text.size() != bytes) return runtime_error("strings of different lengths");
    std::copy(text.begin(), text.end(), to + static_cast<size_t>(i) * bytes);
  }
  return ok();
}

Status infer_string_parts(InferContext& context) {
  context.set(0, DType::kInt64, SymDims{Dim(), Dim(2)});
  context.set(1, DType::kString, SymDims{Dim()});
  context.set(2, DType::kInt64, SymDims{Dim(2)});
  return ok();
}

namespace {

std::vector<std::string_view> parts_of(std::string_view text, const StringPartsAttrs& attrs) {
  std::vector<std::string_view> parts;
  const auto may_split = [&] {
    return attrs.most_splits < 0 || static_cast<int64_t>(parts.size()) < attrs.most_splits;
  };
  const auto add = [&](std::string_view part) {
    if (!attrs.skip_empty || !part.empty()) parts.push_back(part);
  };
  switch (attrs.kind) {
    case SplitKind::kBytes:
      for (size_t i = 0; i < text.size(); ++i) parts.push_back(text.substr(i, 1));
      return parts;
    case SplitKind::kWhiteSpace:
      for (size_t at = text.find_first_not_of(kBlank); at != std::string_view::npos;
           at = text.find_first_not_of(kBlank, at)) {
        if (!may_split()) {
          // The rest, without the white space at its end.
          parts.push_back(text.substr(at, text.find_last_not_of(kBlank) - at + 1));
          return parts;
        }
        const size_t end = std::min(text.find_first_of(kBlank, at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end;
      }
      return parts;
    case SplitKind::kAnyOf:
    case SplitKind::kSeparator: {
      const bool any = attrs.kind == SplitKind::kAnyOf;
      if (attrs.separator.empty()) {
        add(text);
        return parts;
      }
      size_t at = 0;
      while (may_split()) {
        const size_t end = any ? text.find_first_of(attrs.separator, at) : text.find(attrs.separator, at);
        if (end == std::string_view::npos) break;
        add(text.substr(at, end - at));
        at = end + (any ? 1 : attrs.separator.size());
      }
      add(text.substr(at));
      return parts;
    }
  }
  return parts;
}

}  // namespace

Status eval_string_parts(KernelContext& context) {
  const auto& attrs = context.attrs<StringPartsAttrs>();
  const Tensor& in = context.input(0);
  std::vector<std::string> values;
  Dims indices;
  int64_t longest = 0;
  for (int64_t i = 0; i < in.size(); ++i) {
    const auto parts = parts_of(in.data<std::string>()[i], attrs);
    for (size_t k = 0; k < parts.size(); ++k) {
      indices.insert(indices.end(), {i, static_cast<int64_t>(k)});
      values.emplace_back(parts[k]);
    }
    longest = std::max(longest, static_cast<int64_t>(parts.size()));
  }
  const auto n = static_cast<int64_t>(values.size());
  THANE_ASSIGN(Tensor * at, context.allocate(0, DType::kInt64, {n, 2}));
  std::copy(indices.begin(), indices.end(), at->data<int64_t>());
  THANE_ASSIGN(Tensor * texts, context.allocate(1, DType::kString, {n}));
  std::move(values.begin(), values.end(), texts->data<std::string>());
  THANE_ASSIGN(Tensor * shape, context.allocate(2, DType::kInt64, {2}));
  shape->data<int64_t>()[0] = in.size();
  shape->data<int64_t>()[1] = longest;
  return ok();
}

Status eval_number_to_string(KernelContext& context) {
  const auto& attrs = context.attrs<NumberToStringAttrs>();
  const Tensor &in = context.input(0), &out = context.output(0);
  const bool real = (mask_of(in.dtype()) & kFloats) != 0;
  std::string spec = "%";
  if (attrs.fill == "0" || attrs.fill == "-" || attrs.fill == "+" || attrs.fill == " ") spec += attrs.fill;
  if (attrs.width >= 0 && attrs.width < 1024) spec += std::to_string(attrs.width);
  if (real && attrs.precision >= 0 && attrs.precision < 1024) spec += "." + std::to_string(attrs.precision);
  spec += real ? (attrs.shortest ? "g" : attrs.scientific ? "e" : "f") : in.dtype() == DType::kUInt64 ? "llu" : "lld";
  for (int64_t i = 0; i < in.size(); ++i) {
    std::string& text = out.data<std::string>()[i];
    if (in.dtype() == DType::kBool) {
      text = *(in.data<bool>() + i) ? "true" : "false";
      continue;
    }
    std::array<char, 2048> buffer;
    int n = 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (real)
      n = std::snprintf(buffer.data(), buffer.size(), spec.c_str(), in.as_double(i));
    else
      n = std::snprintf(buffer.data(), buffer.size(), spec.c_str(), static_cast<long long>(in.as_int64(i)));
#pragma GCC diagnostic pop
    text.assign(buffer.data(), static_cast<size_t>(std::clamp(n, 0, static_cast<int>(buffer.size()) - 1)));
  }
  return ok();
}

Status HashBucketAttrs::prepare() {
  if (buckets < 1) return invalid_model(format("{} buckets", buckets));
  if (hash == StringHash::kSip && key.size() != 2)
    return invalid_model(format("a key of {} numbers", key.size())).expecting("2");
  return ok();
}

Status eval_hash_bucket(KernelContext& context) {
  const auto& attrs = context.attrs<HashBucketAttrs>();
  return map_strings<int64_t>(context, [&](const std::string& text) {
    uint64_t hash = 0;
    switch (attrs.hash) {
      case StringHash::kFarm: hash = farm_fingerprint64(text); break;
      case StringHash::kSip:
        hash = sip_hash(text, {static_cast<uint64_t>(attrs.key[0]), static_cast<uint64_t>(attrs.key[1])});
        break;
      case StringHash::kMurmur: hash = murmur_hash64(text, 0xdecafcaffeu); break;
    }
    return static_cast<int64_t>(hash % static_cast<uint64_t>(attrs.buckets));
  });
}

namespace {

// Which axes go, by position.
Result<std::vector<bool>> joined_axes(const StringReduceJoinAttrs& attrs, size_t rank) {
  THANE_ASSIGN(const auto axes, normalize_axes(attrs.axes, rank));
  std::vector<bool> gone(rank, false);
  for (size_t axis : axes) gone[axis] = true;
  return gone;
}

}  // namespace

Status infer_string_reduce_join(InferContext& context) {
  const auto& attrs = context.attrs<StringReduceJoinAttrs>();
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, DType::kString), ok();
  THANE_ASSIGN(const auto gone, joined_axes(attrs, dims->size()));
  SymDims out;
  for (size_t i = 0; i < dims->size(); ++i) {
    if (!gone[i])
      out.push_back((*dims)[i]);
    else if (attrs.keepdims)
      out.push_back(Dim(1));
  }
  context.set(0, DType::kString, std::move(out));
  return ok();
}

Status eval_string_reduce_join(KernelContext& context) {
  const auto& attrs = context.attrs<StringReduceJoinAttrs>();
  const Tensor &in = context.input(0), &out = context.output(0);
  THANE_ASSIGN(const auto gone, joined_axes(attrs, in.rank()));
  // Axes are joined in the order given: the last of them varies fastest.
  THANE_ASSIGN(const auto order, normalize_axes(attrs.axes, in.rank()));
  const Dims strides = row_major_strides(in.dims());
  Dims kept_dims, kept_strides, gone_dims, gone_strides;
  for (size_t i = 0; i < in.rank(); ++i) {
    if (gone[i]) continue;
    kept_dims.push_back(in.dim(i));
    kept_strides.push_back(strides[i]);
  }
  int64_t count = 1;
  for (size_t axis : order) {
    gone_dims.push_back(in.dim(axis));
    gone_strides.push_back(strides[axis]);
    count *= in.dim(axis);
  }
  const auto offset = [](int64_t index, const Dims& dims, const Dims& steps) {
    int64_t at = 0;
    for (size_t i = dims.size(); i-- > 0; index /= dims[i]) at += index % dims[i] * steps[i];
    return at;
  };
  for (int64_t i = 0; i < out.size(); ++i) {
    std::string joined;
    const int64_t base = offset(i, kept_dims, kept_strides);
    for (int64_t k = 0; k < count; ++k) {
      if (k > 0) joined += attrs.separator;
      joined += in.data<std::string>()[base + offset(k, gone_dims, gone_strides)];
    }
    out.data<std::string>()[i] = std::move(joined);
  }
  return ok();
}

}  // namespace thane
