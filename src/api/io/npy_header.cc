#include "api/io/npy_header.h"

#include <charconv>

#include "base/format.h"

namespace thane {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMostDims = 64;

Error broken(std::string_view what) {
  return invalid_argument(format("broken .npy header: {}", what)).hinting("save the array again with numpy.save");
}

// The few words of Python that a header may hold.
class Literal {
 public:
  explicit Literal(std::string_view text) : rest_(text) {}

  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  std::optional<std::string> quoted() {
    skip_space();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return std::nullopt;
    const size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::optional<int64_t> number() {
    skip_space();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    take("L");  // Python 2 wrote long integers so
    return value;
  }
  bool done() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

Result<Dims> parse_shape(Literal& text) {
  Dims shape;
  if (!text.take("(")) return broken("'shape' is not a tuple");
  while (!text.take(")")) {
    const auto dim = text.number();
    if (!dim || *dim < 0) return broken("'shape' holds something other than sizes");
    shape.push_back(*dim);
    if (shape.size() > kMostDims) return broken("more than 64 dimensions");
    if (text.take(",")) continue;
    if (!text.take(")")) return broken("'shape' does not end");
    break;
  }
  return shape;
}

Status parse_dict(std::string_view source, NpyHeader& header) {
  Literal text(source);
  bool has_descr = false, has_order = false, has_shape = false;
  if (!text.take("{")) return broken("it holds no dict");
  while (!text.take("}")) {
    const auto key = text.quoted();
    if (!key || !text.take(":")) return broken("a key is missing");
    if (*key == "descr") {
      const auto descr = text.quoted();
      if (!descr) return unsupported("an array of records").expecting("one dtype for all elements");
      header.descr = *descr;
      has_descr = !descr->empty();
    } else if (*key == "fortran_order") {
      header.fortran_order = text.take("True");
      if (!header.fortran_order && !text.take("False")) return broken("'fortran_order' is neither True nor False");
      has_order = true;
    } else if (*key == "shape") {
      THANE_ASSIGN(header.shape, parse_shape(text));
      has_shape = true;
    } else {
      return broken(format("unknown key '{}'", *key));
    }
    if (!text.take(",") && !text.take("}")) return broken("the dict does not end");
    if (text.done()) break;
  }
  if (!has_descr || !has_order || !has_shape) return broken("one of 'descr', 'fortran_order' and 'shape' is missing");
  return ok();
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) {
    return invalid_argument("not a .npy file").expecting("the bytes \\x93NUMPY at its start");
  }
  if (text.size() < 10) return broken("the file ends inside it");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(text[i])); };
  const size_t major = byte(6);
  if (major < 1 || major > 3) return unsupported(format(".npy version {}.{}", major, byte(7))).expecting("1.0 to 3.0");
  const size_t start = major == 1 ? 10 : 12;
  if (text.size() < start) return broken("the file ends inside it");
  size_t length = byte(8) | byte(9) << 8;
  if (major > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > text.size() - start) return broken("the file ends inside it");
  NpyHeader header;
  THANE_TRY(parse_dict(text.substr(start, length), header));
  header.data_offset = start + length;
  return header;
}

std::string npy_header_bytes(const std::string& descr, const Dims& shape) {
  std::string dims;
  for (int64_t dim : shape) dims += format("{}, ", dim);
  if (shape.size() == 1) dims.pop_back();
  if (shape.size() > 1) dims.resize(dims.size() - 2);
  std::string dict = format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
  const bool big = dict.size() > 60000;
  const size_t start = big ? 12 : 10;
  dict.append(63 - (start + dict.size()) % 64, ' ');
  dict += '\n';
  std::string out(kMagic);
  out += {static_cast<char>(big ? 2 : 1), '\0'};
  for (size_t shift = 0; shift < (big ? 32u : 16u); shift += 8) out += static_cast<char>(dict.size() >> shift & 0xff);
  return out + dict;
}

}  // namespace thane
