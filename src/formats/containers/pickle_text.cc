#include "formats/containers/pickle_text.h"

#include "base/format.h"

namespace thane {
namespace {

constexpr int kMostDepth = 24;

class Printer {
 public:
  explicit Printer(size_t most) : most_(most) {}

  // False when the text is full.
  bool print(const PickleValue& value, int depth) {
    if (depth > kMostDepth) return put("…");
    switch (value.kind) {
      case PickleKind::kNone: return put("None");
      case PickleKind::kBool: return put(value.integer ? "True" : "False");
      case PickleKind::kInt: return put(std::to_string(value.integer));
      case PickleKind::kBigInt:
      case PickleKind::kGlobal: return put(value.text);
      case PickleKind::kFloat: return put(format("{}", value.real));
      case PickleKind::kString: return quoted(value.text);
      case PickleKind::kBytes: return put(format("<{} bytes>", value.text.size()));
      case PickleKind::kList: return list("[", value.items, "]", depth);
      case PickleKind::kTuple: return list("(", value.items, value.items.size() == 1 ? ",)" : ")", depth);
      case PickleKind::kSet: return list("{", value.items, "}", depth);
      case PickleKind::kDict: return put("{") && pairs(value.items, ": ", depth) && put("}");
      case PickleKind::kObject: return object(*value.object, depth);
      case PickleKind::kTensor: return tensor("tensor", *value.tensor);
      case PickleKind::kArray: return tensor("array", *value.tensor);
      case PickleKind::kStorage: return tensor("storage", *value.tensor);
    }
    return true;
  }

  std::string take() { return std::move(text_); }

 private:
  bool put(std::string_view piece) {
    if (text_.size() > most_) return false;
    text_ += piece;
    if (text_.size() <= most_) return true;
    size_t end = most_;
    while (end > 0 && (static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) --end;  // not inside a character
    text_.resize(end);
    text_ += "…";
    return false;
  }

  bool quoted(std::string_view text) {
    std::string piece = "'";
    for (const char c : text.substr(0, most_ + 1)) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\\' || c == '\'') piece += '\\';
      if (byte < 0x20 || byte == 0x7f) {
        piece += format("\\x{:02x}", byte);
      } else {
        piece += c;
      }
    }
    return put(piece += '\'');
  }

  bool list(std::string_view open, std::span<PickleValue* const> items, std::string_view close, int depth) {
    if (!put(open)) return false;
    for (size_t i = 0; i < items.size(); ++i) {
      if ((i && !put(", ")) || !print(*items[i], depth + 1)) return false;
    }
    return put(close);
  }

  bool pairs(std::span<PickleValue* const> items, std::string_view between, int depth) {
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      if (i && !put(", ")) return false;
      const bool bare = between == "=" && items[i]->is(PickleKind::kString);
      if (!(bare ? put(items[i]->text) : print(*items[i], depth + 1))) return false;
      if (!put(between) || !print(*items[i + 1], depth + 1)) return false;
    }
    return true;
  }

  // name(arguments, field=value, …): what the call got, and what it was filled with.
  bool object(const PickleObject& object, int depth) {
    if (!(object.callable ? print(*object.callable, depth + 1) : put("?"))) return false;
    if (!put("(")) return false;
    bool first = true;
    const auto separate = [&] { return std::exchange(first, false) || put(", "); };
    for (const PickleValue* value : object.args) {
      if (!separate() || !print(*value, depth + 1)) return false;
    }
    for (const PickleValue* named : {object.kwargs, object.state}) {
      if (!named) continue;
      if (!separate()) return false;
      if (!(named->is(PickleKind::kDict) ? pairs(named->items, "=", depth) : print(*named, depth + 1))) return false;
    }
    if (!object.dict.empty() && !(separate() && put("{") && pairs(object.dict, ": ", depth) && put("}"))) return false;
    if (!object.items.empty() && !(separate() && list("[", object.items, "]", depth))) return false;
    return put(")");
  }

  bool tensor(std::string_view what, const StridedTensor& tensor) {
    return put(format("{}({}{})", what, tensor.type_name, to_string(tensor.shape)));
  }

  size_t most_;
  std::string text_;
};

}  // namespace

std::string pickle_text(const PickleValue& value, size_t most) {
  Printer printer(most);
  printer.print(value, 0);
  return printer.take();
}

}  // namespace thane
