#include "formats/tensorflow/text_format.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "base/format.h"

namespace thane::tensorflow {
namespace {

enum class Message : uint8_t {
  kNone,
  kGraph,
  kNode,
  kAttrEntry,
  kAttr,
  kList,
  kNameAttrs,
  kShape,
  kDim,
  kTensor,
  kLibrary,
  kFunction,
  kTextEntry,
  kOp,
  kArg,
  kVersions,
  kMeta,
  kMetaInfo,
  kSaver,
  kCollectionEntry,
  kCollection,
  kNodeList,
  kSignatureEntry,
  kSignature,
  kInfoEntry,
  kInfo,
  kSparse,
  kComposite,
  kAsset,
  kSavedModel,
};
enum class Kind : uint8_t { kText, kInteger, kFloat, kDouble, kEnum, kMessage };

struct Field {
  Message message;
  std::string_view name;
  uint32_t number;
  Kind kind;
  Message inner = Message::kNone;
};

using enum Kind;
constexpr Field kFields[] = {
    {Message::kGraph, "node", 1, kMessage, Message::kNode},
    {Message::kGraph, "library", 2, kMessage, Message::kLibrary},
    {Message::kGraph, "version", 3, kInteger},
    {Message::kGraph, "versions", 4, kMessage, Message::kVersions},
    {Message::kVersions, "producer", 1, kInteger},
    {Message::kVersions, "min_consumer", 2, kInteger},
    {Message::kNode, "name", 1, kText},
    {Message::kNode, "op", 2, kText},
    {Message::kNode, "input", 3, kText},
    {Message::kNode, "device", 4, kText},
    {Message::kNode, "attr", 5, kMessage, Message::kAttrEntry},
    {Message::kAttrEntry, "key", 1, kText},
    {Message::kAttrEntry, "value", 2, kMessage, Message::kAttr},
    {Message::kAttr, "list", 1, kMessage, Message::kList},
    {Message::kAttr, "s", 2, kText},
    {Message::kAttr, "i", 3, kInteger},
    {Message::kAttr, "f", 4, kFloat},
    {Message::kAttr, "b", 5, kInteger},
    {Message::kAttr, "type", 6, kEnum},
    {Message::kAttr, "shape", 7, kMessage, Message::kShape},
    {Message::kAttr, "tensor", 8, kMessage, Message::kTensor},
    {Message::kAttr, "placeholder", 9, kText},
    {Message::kAttr, "func", 10, kMessage, Message::kNameAttrs},
    {Message::kList, "s", 2, kText},
    {Message::kList, "i", 3, kInteger},
    {Message::kList, "f", 4, kFloat},
    {Message::kList, "b", 5, kInteger},
    {Message::kList, "type", 6, kEnum},
    {Message::kList, "shape", 7, kMessage, Message::kShape},
    {Message::kList, "tensor", 8, kMessage, Message::kTensor},
    {Message::kList, "func", 9, kMessage, Message::kNameAttrs},
    {Message::kNameAttrs, "name", 1, kText},
    {Message::kNameAttrs, "attr", 2, kMessage, Message::kAttrEntry},
    {Message::kShape, "dim", 2, kMessage, Message::kDim},
    {Message::kShape, "unknown_rank", 3, kInteger},
    {Message::kDim, "size", 1, kInteger},
    {Message::kDim, "name", 2, kText},
    {Message::kTensor, "dtype", 1, kEnum},
    {Message::kTensor, "tensor_shape", 2, kMessage, Message::kShape},
    {Message::kTensor, "version_number", 3, kInteger},
    {Message::kTensor, "tensor_content", 4, kText},
    {Message::kTensor, "float_val", 5, kFloat},
    {Message::kTensor, "double_val", 6, kDouble},
    {Message::kTensor, "int_val", 7, kInteger},
    {Message::kTensor, "string_val", 8, kText},
    {Message::kTensor, "scomplex_val", 9, kFloat},
    {Message::kTensor, "int64_val", 10, kInteger},
    {Message::kTensor, "bool_val", 11, kInteger},
    {Message::kTensor, "dcomplex_val", 12, kDouble},
    {Message::kTensor, "half_val", 13, kInteger},
    {Message::kTensor, "uint32_val", 16, kInteger},
    {Message::kTensor, "uint64_val", 17, kInteger},
    {Message::kLibrary, "function", 1, kMessage, Message::kFunction},
    {Message::kFunction, "signature", 1, kMessage, Message::kOp},
    {Message::kFunction, "node_def", 3, kMessage, Message::kNode},
    {Message::kFunction, "ret", 4, kMessage, Message::kTextEntry},
    {Message::kFunction, "attr", 5, kMessage, Message::kAttrEntry},
    {Message::kFunction, "control_ret", 6, kMessage, Message::kTextEntry},
    {Message::kTextEntry, "key", 1, kText},
    {Message::kTextEntry, "value", 2, kText},
    {Message::kOp, "name", 1, kText},
    {Message::kOp, "input_arg", 2, kMessage, Message::kArg},
    {Message::kOp, "output_arg", 3, kMessage, Message::kArg},
    {Message::kArg, "name", 1, kText},
    {Message::kArg, "type", 3, kEnum},
    {Message::kArg, "type_attr", 4, kText},
    {Message::kArg, "number_attr", 5, kText},
    {Message::kArg, "type_list_attr", 6, kText},
    {Message::kMeta, "meta_info_def", 1, kMessage, Message::kMetaInfo},
    {Message::kMeta, "graph_def", 2, kMessage, Message::kGraph},
    {Message::kMeta, "saver_def", 3, kMessage, Message::kSaver},
    {Message::kMeta, "collection_def", 4, kMessage, Message::kCollectionEntry},
    {Message::kMeta, "signature_def", 5, kMessage, Message::kSignatureEntry},
    {Message::kMeta, "asset_file_def", 6, kMessage, Message::kAsset},
    {Message::kMetaInfo, "tags", 4, kText},
    {Message::kMetaInfo, "tensorflow_version", 5, kText},
    {Message::kSaver, "filename_tensor_name", 1, kText},
    {Message::kSaver, "save_tensor_name", 2, kText},
    {Message::kSaver, "restore_op_name", 3, kText},
    {Message::kCollectionEntry, "key", 1, kText},
    {Message::kCollectionEntry, "value", 2, kMessage, Message::kCollection},
    {Message::kCollection, "node_list", 1, kMessage, Message::kNodeList},
    {Message::kNodeList, "value", 1, kText},
    {Message::kSignatureEntry, "key", 1, kText},
    {Message::kSignatureEntry, "value", 2, kMessage, Message::kSignature},
    {Message::kSignature, "inputs", 1, kMessage, Message::kInfoEntry},
    {Message::kSignature, "outputs", 2, kMessage, Message::kInfoEntry},
    {Message::kSignature, "method_name", 3, kText},
    {Message::kInfoEntry, "key", 1, kText},
    {Message::kInfoEntry, "value", 2, kMessage, Message::kInfo},
    {Message::kInfo, "name", 1, kText},
    {Message::kInfo, "dtype", 2, kEnum},
    {Message::kInfo, "tensor_shape", 3, kMessage, Message::kShape},
    {Message::kInfo, "coo_sparse", 4, kMessage, Message::kSparse},
    {Message::kInfo, "composite_tensor", 5, kMessage, Message::kComposite},
    {Message::kSparse, "values_tensor_name", 1, kText},
    {Message::kSparse, "indices_tensor_name", 2, kText},
    {Message::kSparse, "dense_shape_tensor_name", 3, kText},
    {Message::kComposite, "components", 2, kMessage, Message::kInfo},
    {Message::kAsset, "tensor_info", 1, kMessage, Message::kInfo},
    {Message::kAsset, "filename", 2, kText},
    {Message::kSavedModel, "saved_model_schema_version", 1, kInteger},
    {Message::kSavedModel, "meta_graphs", 2, kMessage, Message::kMeta},
};

struct TypeName {
  std::string_view name;
  uint32_t number;
};
constexpr TypeName kTypeNames[] = {
    {"DT_INVALID", 0},   {"DT_FLOAT", 1},    {"DT_DOUBLE", 2},  {"DT_INT32", 3},       {"DT_UINT8", 4},
    {"DT_INT16", 5},     {"DT_INT8", 6},     {"DT_STRING", 7},  {"DT_COMPLEX64", 8},   {"DT_INT64", 9},
    {"DT_BOOL", 10},     {"DT_QINT8", 11},   {"DT_QUINT8", 12}, {"DT_QINT32", 13},     {"DT_BFLOAT16", 14},
    {"DT_QINT16", 15},   {"DT_QUINT16", 16}, {"DT_UINT16", 17}, {"DT_COMPLEX128", 18}, {"DT_HALF", 19},
    {"DT_RESOURCE", 20}, {"DT_VARIANT", 21}, {"DT_UINT32", 22}, {"DT_UINT64", 23},
};

constexpr int kMostDepth = 100;

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
void append_tag(std::string& out, uint32_t number, uint32_t wire) { append_varint(out, uint64_t{number} << 3 | wire); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  // Fields up to `end` ('\0': the end of the text).
  Result<std::string> message(Message kind, char end, int depth) {
    if (depth > kMostDepth) return resource_limit("messages nested too deeply").at(place());
    std::string out;
    for (;;) {
      skip_blanks();
      if (done()) {
        if (end != '\0') return wrong("the end of the text");
        return out;
      }
      if (end != '\0' && accept(end)) return out;
      THANE_TRY(field(kind, out, depth));
      skip_blanks();
      if (!accept(',')) accept(';');
    }
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  bool accept(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string place() const {
    return format(
        "line {}",
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n'));
  }
  Error wrong(std::string_view found) const {
    return invalid_model(format("found {}", found)).at(place()).expecting("protobuf text");
  }
  void skip_blanks() {
    while (!done()) {
      if (text_[at_] == '#') {
        while (!done() && text_[at_] != '\n') ++at_;
      } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  Status field(Message kind, std::string& out, int depth) {
    std::string_view name;
    if (accept('[')) {  // an extension or a packed type
      while (!done() && text_[at_] != ']') ++at_;
      if (!accept(']')) return wrong("a name without an end");
    } else {
      const size_t begin = at_;
      while (!done() && is_name(text_[at_])) ++at_;
      name = text_.substr(begin, at_ - begin);
      if (name.empty()) return wrong(format("'{}'", text_.substr(at_, 1)));
    }
    const auto* known =
        std::ranges::find_if(kFields, [&](const Field& row) { return row.message == kind && row.name == name; });
    const Field* row = known == std::end(kFields) ? nullptr : known;
    skip_blanks();
    const bool colon = accept(':');
    skip_blanks();
    if (accept('[')) {
      for (skip_blanks(); !accept(']'); skip_blanks()) {
        THANE_TRY(value(row, out, depth));
        skip_blanks();
        accept(',');
        if (done()) return wrong("a list without an end");
      }
      return ok();
    }
    if (!colon && (done() || (text_[at_] != '{' && text_[at_] != '<'))) return wrong("a field without a value");
    return value(row, out, depth);
  }

  Status value(const Field* row, std::string& out, int depth) {
    const bool brace = accept('{');
    if (brace || accept('<')) {
      if (row && row->kind != kMessage) return wrong("a message for a plain field");
      THANE_ASSIGN(const std::string inner, message(row ? row->inner : Message::kNone, brace ? '}' : '>', depth + 1));
      if (row) {
        append_tag(out, row->number, 2);
        append_varint(out, inner.size());
        out += inner;
      }
      return ok();
    }
    if (!done() && (text_[at_] == '"' || text_[at_] == '\'')) {
      THANE_ASSIGN(const std::string text, quoted());
      if (!row) return ok();
      if (row->kind != kText) return wrong("a string for another kind of field");
      append_tag(out, row->number, 2);
      append_varint(out, text.size());
      out += text;
      return ok();
    }
    const size_t begin = at_;
    while (!done() && (is_name(text_[at_]) || text_[at_] == '-' || text_[at_] == '+' || text_[at_] == '.')) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.empty()) return wrong("no value");
    return row ? scalar(*row, word, out) : ok();
  }

  Status scalar(const Field& row, std::string_view word, std::string& out) {
    switch (row.kind) {
      case kInteger:
      case kEnum: {
        const auto number = integer(word);
        if (!number) return wrong(format("'{}'", word));
        append_tag(out, row.number, 0);
        append_varint(out, static_cast<uint64_t>(*number));
        return ok();
      }
      case kFloat:
      case kDouble: {
        const auto number = real(word);
        if (!number) return wrong(format("'{}'", word));
        append_tag(out, row.number, row.kind == kFloat ? 5 : 1);
        char bytes[8];
        if (row.kind == kFloat) {
          const auto narrow = static_cast<float>(*number);
          std::memcpy(bytes, &narrow, 4);
        } else {
          std::memcpy(bytes, &*number, 8);
        }
        out.append(bytes, row.kind == kFloat ? 4 : 8);
        return ok();
      }
      default: return wrong(format("'{}'", word));
    }
  }

  static std::optional<int64_t> integer(std::string_view word) {
    if (word == "true" || word == "True" || word == "t") return 1;
    if (word == "false" || word == "False" || word == "f") return 0;
    const bool reference = word.ends_with("_REF");
    const std::string_view base = reference ? word.substr(0, word.size() - 4) : word;
    for (const TypeName& type : kTypeNames) {
      if (type.name == base) return type.number + (reference ? 100 : 0);
    }
    const bool negative = word.starts_with('-');
    std::string_view digits = negative ? word.substr(1) : word;
    int radix = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
      radix = 16;
      digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits[0] == '0') {
      radix = 8;
    }
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, radix);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
    return static_cast<int64_t>(negative ? ~number + 1 : number);
  }

  static std::optional<double> real(std::string_view word) {
    std::string_view digits = word;
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    if (digits == "inf" || digits == "infinity")
      return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    if (digits == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (digits.ends_with('f') || digits.ends_with('F')) digits.remove_suffix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) return std::nullopt;
    return negative ? -number : number;
  }

  // One literal, or several that stand side by side.
  Result<std::string> quoted() {
    std::string out;
    for (;;) {
      const char quote = text_[at_++];
      while (!done() && text_[at_] != quote) {
        const char c = text_[at_++];
        if (c != '\\') {
          out.push_back(c);
          continue;
        }
        if (done()) break;
        escape(out);
      }
      if (!accept(quote)) return wrong("a string without an end");
      skip_blanks();
      if (done() || (text_[at_] != '"' && text_[at_] != '\'')) return out;
    }
  }
  void escape(std::string& out) {
    const char c = text_[at_++];
    const auto digits = [&](int radix, int most) {
      int value = 0;
      for (int i = 0; i < most && !done(); ++i) {
        const char d = text_[at_];
        const int digit = d >= '0' && d <= '9'   ? d - '0'
                          : d >= 'a' && d <= 'f' ? d - 'a' + 10
                          : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                                 : 99;
        if (digit >= radix) break;
        value = value * radix + digit;
        ++at_;
      }
      return static_cast<char>(value);
    };
    switch (c) {
      case 'n': out.push_back('\n'); break;
      case 't': out.push_back('\t'); break;
      case 'r': out.push_back('\r'); break;
      case 'a': out.push_back('\a'); break;
      case 'b': out.push_back('\b'); break;
      case 'f': out.push_back('\f'); break;
      case 'v': out.push_back('\v'); break;
      case 'x': out.push_back(digits(16, 2)); break;
      default:
        if (c >= '0' && c <= '7') {
          --at_;
          out.push_back(digits(8, 3));
        } else {
          out.push_back(c);
        }
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

TextRoot text_root(std::string_view text) {
  // The first word, behind blanks and comments, and what follows it.
  size_t at = 0;
  for (;;) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) ++at;
    if (at >= text.size() || text[at] != '#') break;
    while (at < text.size() && text[at] != '\n') ++at;
  }
  const size_t begin = at;
  while (at < text.size() && is_name(text[at])) ++at;
  const std::string_view word = text.substr(begin, at - begin);
  while (at < text.size() && text[at] == ' ') ++at;
  if (at >= text.size() || (text[at] != '{' && text[at] != ':' && text[at] != '<')) return TextRoot::kNone;
  if (word == "node" || word == "versions" || word == "library") return TextRoot::kGraphDef;
  if (word == "meta_info_def" || word == "graph_def") return TextRoot::kMetaGraphDef;
  if (word == "saved_model_schema_version" || word == "meta_graphs") return TextRoot::kSavedModel;
  return TextRoot::kNone;
}

Result<std::string> text_to_binary(std::string_view text, TextRoot root) {
  const Message kind = root == TextRoot::kGraphDef       ? Message::kGraph
                       : root == TextRoot::kMetaGraphDef ? Message::kMeta
                                                         : Message::kSavedModel;
  return Parser(text).message(kind, '\0', 0);
}

}  // namespace thane::tensorflow
