#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/python_ops.h"

namespace thane::torchscript {
namespace string_methods {
namespace {

constexpr size_t kLongestText = 1 << 20;
constexpr std::string_view kBlanks = " \t\n\r\f\v";

bool is_string(const PythonCall& call, size_t i) { return i < call.count() && call[i].is_string(); }

// format("… {} …", values…): the one form TorchScript has.
PythonResult format_text(PythonCall& call) {
  if (!is_string(call, 0)) return not_mine();
  const std::string& pattern = call[0].string();
  std::string text;
  size_t next = 1;
  for (size_t i = 0; i < pattern.size() && text.size() < kLongestText; ++i) {
    if (pattern.compare(i, 2, "{}") == 0) {
      if (next < call.count()) text += to_text(call[next++]);
      ++i;
    } else {
      text += pattern[i];
    }
  }
  return some(std::move(text));
}

PythonResult percent_format(PythonCall& call) {
  if (!is_string(call, 0)) return not_mine();
  std::vector<Value> values(call.args.begin() + 1, call.args.end());
  if (values.size() == 1 && values[0].is_tuple()) values = values[0].tuple();
  const std::string& pattern = call[0].string();
  std::string text;
  size_t next = 0;
  for (size_t i = 0; i < pattern.size() && text.size() < kLongestText; ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      text += pattern[i];
    } else if (pattern[++i] == '%') {
      text += '%';
    } else if (next < values.size()) {
      text += to_text(values[next++]);
    }
  }
  return some(std::move(text));
}

PythonResult str(PythonCall& call) {
  if (call.count() != 1 || call[0].is_object() || call[0].is_tensor() || call[0].is_symbol()) return not_mine();
  return some(to_text(call[0]));
}

PythonResult add(PythonCall& call) {
  if (call.count() != 2 || !is_string(call, 0) || !is_string(call, 1)) return not_mine();
  if (call[0].string().size() + call[1].string().size() > kLongestText)
    return resource_limit("a string that grows without end");
  return some(call[0].string() + call[1].string());
}

PythonResult mul(PythonCall& call) {
  if (call.count() != 2 || !is_string(call, 0) || !call[1].is_int()) return not_mine();
  const int64_t times = std::max<int64_t>(call[1].integer(), 0);
  const std::string& part = call[0].string();
  if (!part.empty() && static_cast<uint64_t>(times) > kLongestText / part.size())
    return resource_limit("a string that grows without end");
  std::string text;
  for (int64_t i = 0; i < times && !part.empty(); ++i) text += part;
  return some(std::move(text));
}

PythonResult contains(PythonCall& call) {
  if (call.count() != 2 || !is_string(call, 0) || !is_string(call, 1)) return not_mine();
  return some(call[0].string().find(call[1].string()) != std::string::npos);
}

PythonResult get_item(PythonCall& call) {
  if (call.count() != 2 || !is_string(call, 0) || !call[1].is_int()) return not_mine();
  THANE_ASSIGN(const size_t at, position(call, call[1].integer(), call[0].string().size()));
  return some(std::string(1, call[0].string()[at]));
}

PythonResult slice(PythonCall& call) {
  if (!is_string(call, 0)) return not_mine();
  THANE_ASSIGN(const auto positions, slice_positions(call, call[0].string().size()));
  if (!positions) return not_mine();
  std::string part;
  for (const size_t at : *positions) part += call[0].string()[at];
  return some(std::move(part));
}

PythonResult join(PythonCall& call) {
  if (call.count() != 2 || !is_string(call, 0) || !call[1].items()) return not_mine();
  std::string text;
  for (size_t i = 0; i < call[1].items()->size(); ++i) {
    const Value& item = (*call[1].items())[i];
    if (!item.is_string()) return not_mine();
    if (i) text += call[0].string();
    text += item.string();
    if (text.size() > kLongestText) return resource_limit("a string that grows without end");
  }
  return some(std::move(text));
}

PythonResult split(PythonCall& call) {
  if (!is_string(call, 0)) return not_mine();
  const std::string& text = call[0].string();
  const Value* separator = call.find(1, "separator");
  std::vector<Value> parts;
  if (separator && separator->is_string() && !separator->string().empty()) {
    const Value* most = call.find(2, "max");
    int64_t left = most && most->is_int() ? most->integer() : -1;
    size_t at = 0;
    for (size_t found; left != 0 && (found = text.find(separator->string(), at)) != std::string::npos; --left) {
      parts.emplace_back(text.substr(at, found - at));
      at = found + separator->string().size();
    }
    parts.emplace_back(text.substr(at));
  } else {
    for (size_t at = text.find_first_not_of(kBlanks); at != std::string::npos;) {
      const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
      parts.emplace_back(text.substr(at, end - at));
      at = text.find_first_not_of(kBlanks, end);
    }
  }
  return some(call.machine.make_list(std::move(parts)));
}

template <bool kLeft, bool kRight>
PythonResult strip(PythonCall& call) {
  if (!is_string(call, 0)) return not_mine();
  const std::string letters(is_string(call, 1) ? std::string_view(call[1].string()) : kBlanks);
  const std::string& text = call[0].string();
  const size_t first = kLeft ? text.find_first_not_of(letters) : 0;
  if (first == std::string::npos) return some("");
  const size_t last = kRight ? text.find_last_not_of(letters) + 1 : text.size();
  return some(last > first ? text.substr(first, last - first) : std::string());
}

template <bool kUpper>
PythonResult change_case(PythonCall& call) {
  if (call.count() != 1 || !is_string(call, 0)) return not_mine();
  std::string text = call[0].string();
  for (char& c : text) {
    if (kUpper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!kUpper && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return some(std::move(text));
}

template <bool kStart>
PythonResult has_end(PythonCall& call) {
  if (call.count() < 2 || !is_string(call, 0) || !is_string(call, 1)) return not_mine();
  return some(kStart ? call[0].string().starts_with(call[1].string()) : call[0].string().ends_with(call[1].string()));
}

template <bool kLast>
PythonResult find(PythonCall& call) {
  if (call.count() != 2 || !is_string(call, 0) || !is_string(call, 1)) return not_mine();
  const size_t at = kLast ? call[0].string().rfind(call[1].string()) : call[0].string().find(call[1].string());
  return some(at == std::string::npos ? int64_t{-1} : static_cast<int64_t>(at));
}

PythonResult replace(PythonCall& call) {
  if (call.count() < 3 || !is_string(call, 0) || !is_string(call, 1) || !is_string(call, 2)) return not_mine();
  const std::string &text = call[0].string(), &from = call[1].string(), &to = call[2].string();
  if (from.empty()) return not_mine();
  std::string result;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size()) {
    result += text.substr(at, found - at) + to;
    if (result.size() > kLongestText) return resource_limit("a string that grows without end");
  }
  return some(result + text.substr(at));
}

template <bool (*kTest)(char)>
PythonResult all_are(PythonCall& call) {
  if (call.count() != 1 || !is_string(call, 0)) return not_mine();
  const std::string& text = call[0].string();
  return some(!text.empty() && std::all_of(text.begin(), text.end(), kTest));
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char c) { return kBlanks.find(c) != std::string_view::npos; }

PythonResult ord(PythonCall& call) {
  if (call.count() != 1 || !is_string(call, 0) || call[0].string().size() != 1) return not_mine();
  return some(static_cast<int64_t>(static_cast<unsigned char>(call[0].string()[0])));
}

PythonResult chr(PythonCall& call) {
  if (call.count() != 1 || !call[0].is_int()) return not_mine();
  return some(std::string(1, static_cast<char>(call[0].integer())));
}

constexpr PythonOp kOps[] = {{"format", format_text},
                             {"percentFormat", percent_format},
                             {"str", str},
                             {"add", add},
                             {"mul", mul},
                             {"__contains__", contains},
                             {"__getitem__", get_item},
                             {"slice", slice},
                             {"join", join},
                             {"split", split},
                             {"strip", strip<true, true>},
                             {"lstrip", strip<true, false>},
                             {"rstrip", strip<false, true>},
                             {"upper", change_case<true>},
                             {"lower", change_case<false>},
                             {"startswith", has_end<true>},
                             {"endswith", has_end<false>},
                             {"find", find<false>},
                             {"rfind", find<true>},
                             {"replace", replace},
                             {"isdigit", all_are<is_digit>},
                             {"isalpha", all_are<is_alpha>},
                             {"isspace", all_are<is_space>},
                             {"ord", ord},
                             {"chr", chr}};

}  // namespace
}  // namespace string_methods

std::span<const PythonOp> string_ops() { return string_methods::kOps; }

}  // namespace thane::torchscript
