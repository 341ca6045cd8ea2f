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

// What a member may be; the first eight are the kinds of AttrValue, in its order.
enum class FieldKind : uint8_t { kInt, kFloat, kString, kTensor, kInts, kFloats, kStrings, kTensors, kBool, kDType };

template <class T, class... Kinds>
consteval FieldKind kind_among(std::type_identity<std::variant<Kinds...>>) {
  size_t index = 0;
  static_cast<void>(((std::same_as<T, Kinds> || (++index, false)) || ...));
  return static_cast<FieldKind>(index);
}
template <class T>
inline constexpr FieldKind kKindOf = kind_among<T>(std::type_identity<AttrValue>{});
template <>
inline constexpr FieldKind kKindOf<bool> = FieldKind::kBool;
template <>
inline constexpr FieldKind kKindOf<DType> = FieldKind::kDType;

// Reads members out of an AttrMap. The templates only say what a member is; one function does the work for all structs.
class Reader {
 public:
  explicit Reader(const AttrMap& map) : map_(map) {}

  template <class T>
  void operator()(std::string_view name, T& member) {
    read(name, kKindOf<T>, &member);
  }
  template <class T>
  void operator()(std::string_view name, std::optional<T>& member) {
    if (map_.contains(name)) read(name, kKindOf<T>, &member.emplace());
  }
  template <class T>
  void required(std::string_view name, T& member) {
    require(name);
    (*this)(name, member);
  }
  template <class E>
  void choice(std::string_view name, E& member, std::span<const std::string_view> names) {
    member = static_cast<E>(choose(name, static_cast<size_t>(member), names));
  }
  // After all fields: names that nobody asked for are errors.
  Status finish() const;

 private:
  const AttrValue* find(std::string_view name);
  void read(std::string_view name, FieldKind kind, void* member);
  void require(std::string_view name);
  size_t choose(std::string_view name, size_t standard, std::span<const std::string_view> names);
  void fail(Error error);

  const AttrMap& map_;
  std::vector<std::string_view> names_;  // asked for and found
  std::unique_ptr<Error> error_;
};

// Writes members into an AttrMap.
class Writer {
 public:
  template <class T>
  void operator()(std::string_view name, const T& member) {
    write(name, kKindOf<T>, &member);
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& member) {
    if (member) write(name, kKindOf<T>, &*member);
  }
  template <class T>
  void required(std::string_view name, const T& member) {
    (*this)(name, member);
    required_.push_back(name);
  }
  template <class E>
  void choice(std::string_view name, const E& member, std::span<const std::string_view> names) {
    const std::string_view text = names[static_cast<size_t>(member)];
    write(name, text);
  }
  // What was written, without what equals the defaults and is not required.
  AttrMap beyond(const Writer& defaults) &&;

 private:
  void write(std::string_view name, FieldKind kind, const void* member);
  void write(std::string_view name, std::string_view choice);

  AttrMap map_;
  std::vector<std::string_view> required_;
};

}  // namespace attrs_detail

// What the rest of the program can do with an op's attributes without knowing the struct.
struct AttrsSchema {
  // Builds the struct. Unknown names, wrong types and missing required ones are errors that name the attribute.
  Result<AttrsPtr> parse(const AttrMap& foreign) const;
  // Back to a map; attributes equal to their default are left out. parse(unparse(x)) equals x.
  AttrMap unparse(const Attrs& attrs) const;

  std::shared_ptr<Attrs> (*make)();
  void (*read)(Attrs& attrs, attrs_detail::Reader& reader);
  void (*write)(const Attrs& attrs, attrs_detail::Writer& writer);
  Status (*prepare)(Attrs& attrs);  // null: nothing to prepare
};

namespace attrs_detail {

template <class A>
constexpr AttrsSchema schema_of() {
  AttrsSchema schema = {[]() -> std::shared_ptr<Attrs> { return std::make_shared<A>(); },
                        [](Attrs& attrs, Reader& reader) { A::fields(static_cast<A&>(attrs), reader); },
                        [](const Attrs& attrs, Writer& writer) { A::fields(static_cast<const A&>(attrs), writer); },
                        nullptr};
  if constexpr (requires(A & attrs) { attrs.prepare(); }) {
    schema.prepare = [](Attrs& attrs) -> Status { return static_cast<A&>(attrs).prepare(); };
  }
  return schema;
}

}  // namespace attrs_detail

template <std::derived_from<Attrs> A>
// NOLINTNEXTLINE(readability-identifier-naming): reads as a function of the type.
inline constexpr AttrsSchema attrs_schema = attrs_detail::schema_of<A>();

}  // namespace thane
