// Attributes: foreign name → value pairs as a format's reader delivers them, and the typed structs ops work with.
//
// An op declares its attributes once, as a struct with a static `fields` template that visits each member:
//
//   struct GatherAttrs : Attrs {
//     int64_t axis = 0;                                   // the initialiser is the default
//     template <class Self, class V>
//     static void fields(Self& self, V& v) { v("axis", self.axis); }
//   };
//
// and names `attrs_schema<GatherAttrs>` in its OpDef. Parsing, printing and comparing all follow from `fields`. Member
// types: int64_t, bool, float, std::string, DType, Tensor, std::vector of int64_t, float or std::string, std::optional
// of any of these (absent in the file stays empty), and enums through v.choice(name, member, names) where names[i] is
// the text of the enumerator with value i. v.required(name, member) makes absence an error. A struct with a member
// `Status prepare()` has it called once all members are read: to check them against each other and to build what
// running needs (lookup tables).
#pragma once

#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace thane {

using AttrValue = std::variant<int64_t, float, std::string, Tensor, std::vector<int64_t>, std::vector<float>,
                               std::vector<std::string>, std::vector<Tensor>>;
// Without subgraphs: those belong to the Node.
using AttrMap = std::map<std::string, AttrValue, std::less<>>;

// Base of every typed attribute struct; shared, immutable once made.
struct Attrs {
  virtual ~Attrs() = default;
};
using AttrsPtr = std::shared_ptr<const Attrs>;

// What the rest of the program can do with an op's attributes without knowing the struct.
struct AttrsSchema {
  // Builds the struct. Unknown names, wrong types and missing required ones are errors that name the attribute.
  Result<AttrsPtr> (*parse)(const AttrMap& foreign);
  // Back to a map; attributes equal to their default are left out. parse(unparse(x)) equals x.
  AttrMap (*unparse)(const Attrs& attrs);
};

bool identical(const AttrValue& a, const AttrValue& b);
bool identical(const AttrMap& a, const AttrMap& b);
// "axis=1 perm=[0, 2, 1]"; tensors as their type.
std::string to_string(const AttrMap& attrs);

namespace attrs_detail {

Error wrong_type(std::string_view name, const AttrValue& found, std::string_view expected);
Error missing(std::string_view name);
Error unknown_choice(std::string_view name, const std::string& found, std::span<const std::string_view> names);
Error unknown_attribute(const std::string& name);
Error bad_dtype(std::string_view name, int64_t code);

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Reads members out of an AttrMap.
class Reader {
 public:
  explicit Reader(const AttrMap& map) : map_(map) {}

  template <class T>
  void operator()(std::string_view name, T& member) {
    if (const AttrValue* value = find(name)) assign(name, *value, member);
  }
  template <class T>
  void required(std::string_view name, T& member) {
    if (!map_.contains(name)) return fail(missing(name));
    (*this)(name, member);
  }
  template <class E>
  void choice(std::string_view name, E& member, std::span<const std::string_view> names) {
    std::string text;
    const AttrValue* value = find(name);
    if (!value) return;
    assign(name, *value, text);
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == text) {
        member = static_cast<E>(i);
        return;
      }
    }
    fail(unknown_choice(name, text, names));
  }
  // After all fields: names that nobody asked for are errors.
  Status finish() const;

 private:
  const AttrValue* find(std::string_view name) {
    const auto found = map_.find(name);
    if (found == map_.end()) return nullptr;
    ++used_;
    names_.push_back(name);
    return &found->second;
  }
  template <class T>
  void assign(std::string_view name, const AttrValue& value, T& member) {
    if constexpr (IsOptional<T>::value) {
      member.emplace();
      assign(name, value, *member);
    } else if constexpr (std::same_as<T, bool>) {
      if (const auto* v = std::get_if<int64_t>(&value))
        member = *v != 0;
      else
        fail(wrong_type(name, value, "int"));
    } else if constexpr (std::same_as<T, DType>) {
      const auto* v = std::get_if<int64_t>(&value);
      if (!v) return fail(wrong_type(name, value, "int (a data type)"));
      if (*v != 0 && !is_valid_dtype(*v)) return fail(bad_dtype(name, *v));
      member = static_cast<DType>(*v);
    } else {
      if (const auto* v = std::get_if<T>(&value))
        member = *v;
      else
        fail(wrong_type(name, value, expected_name<T>()));
    }
  }
  template <class T>
  static constexpr std::string_view expected_name() {
    if constexpr (std::same_as<T, int64_t>)
      return "int";
    else if constexpr (std::same_as<T, float>)
      return "float";
    else if constexpr (std::same_as<T, std::string>)
      return "string";
    else if constexpr (std::same_as<T, Tensor>)
      return "tensor";
    else if constexpr (std::same_as<T, std::vector<int64_t>>)
      return "ints";
    else if constexpr (std::same_as<T, std::vector<float>>)
      return "floats";
    else if constexpr (std::same_as<T, std::vector<Tensor>>)
      return "tensors";
    else
      return "strings";
  }
  void fail(Error error) {
    if (!error_) error_ = std::make_unique<Error>(std::move(error));
  }

  const AttrMap& map_;
  size_t used_ = 0;
  std::vector<std::string_view> names_;
  std::unique_ptr<Error> error_;
};

// Writes members into an AttrMap, leaving out those equal to the default struct's.
class Writer {
 public:
  template <class T>
  void operator()(std::string_view name, const T& member) {
    if constexpr (IsOptional<T>::value) {
      if (member) (*this)(name, *member);
    } else if constexpr (std::same_as<T, bool> || std::same_as<T, DType>) {
      map.emplace(name, static_cast<int64_t>(member));
    } else if constexpr (std::same_as<T, Tensor>) {
      if (member.defined()) map.emplace(name, member);
    } else {
      map.emplace(name, member);
    }
  }
  template <class T>
  void required(std::string_view name, const T& member) {
    (*this)(name, member);
    kept.emplace_back(name);
  }
  template <class E>
  void choice(std::string_view name, const E& member, std::span<const std::string_view> names) {
    map.emplace(name, std::string(names[static_cast<size_t>(member)]));
  }
  AttrMap map;
  std::vector<std::string> kept;  // required ones stay even when equal to the default
};

AttrMap without_defaults(Writer&& written, const AttrMap& defaults);

template <class A>
Result<AttrsPtr> parse(const AttrMap& foreign) {
  auto attrs = std::make_shared<A>();
  Reader reader(foreign);
  A::fields(*attrs, reader);
  THANE_TRY(reader.finish());
  if constexpr (requires { attrs->prepare(); }) THANE_TRY(attrs->prepare());
  return AttrsPtr(std::move(attrs));
}

template <class A>
AttrMap unparse(const Attrs& attrs) {
  Writer written, defaults;
  A::fields(static_cast<const A&>(attrs), written);
  const A standard;
  A::fields(standard, defaults);
  return without_defaults(std::move(written), defaults.map);
}

}  // namespace attrs_detail

template <std::derived_from<Attrs> A>
// NOLINTNEXTLINE(readability-identifier-naming): reads as a function of the type.
inline constexpr AttrsSchema attrs_schema = {&attrs_detail::parse<A>, &attrs_detail::unparse<A>};

}  // namespace thane
