// How node makers take their arguments: views of what the caller wrote between braces, or of a container. A call then
// costs its caller a few stores, where containers by value would cost their construction and destruction, in code that
// every call repeats.
//
// For parameters only: what a view shows lives until the end of the full expression that made it.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/attrs.h"

namespace thane {

template <class T>
class ListView {
 public:
  ListView() = default;
  ListView(const std::initializer_list<T>& list) : items_(list) {}
  ListView(const std::vector<T>& list) : items_(list) {}
  ListView(std::span<const T> list) : items_(list) {}

  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + items_.size(); }
  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const T& operator[](size_t i) const { return items_[i]; }
  std::vector<T> to_vector() const { return {begin(), end()}; }

 private:
  std::span<const T> items_;
};
using IntList = ListView<int64_t>;

// An attribute as a call states it: {"axis", axis}. What is not a number is not copied.
class Attr {
 public:
  template <std::integral I>
  Attr(std::string_view name, I value) : name_(name), kind_(Kind::kInt), int_(static_cast<int64_t>(value)) {}
  Attr(std::string_view name, float value) : name_(name), kind_(Kind::kFloat), float_(value) {}
  Attr(std::string_view name, const char* value) : Attr(name, std::string_view(value)) {}
  Attr(std::string_view name, const std::string& value) : Attr(name, std::string_view(value)) {}
  Attr(std::string_view name, std::string_view value)
      : name_(name), kind_(Kind::kText), size_(value.size()), place_(value.data()) {}
  Attr(std::string_view name, const std::vector<int64_t>& value)
      : name_(name), kind_(Kind::kInts), size_(value.size()), place_(value.data()) {}
  Attr(std::string_view name, IntList value)
      : name_(name), kind_(Kind::kInts), size_(value.size()), place_(value.begin()) {}
  Attr(std::string_view name, const std::vector<float>& value)
      : name_(name), kind_(Kind::kFloats), size_(value.size()), place_(value.data()) {}
  Attr(std::string_view name, const std::vector<std::string>& value)
      : name_(name), kind_(Kind::kTexts), size_(value.size()), place_(value.data()) {}
  Attr(std::string_view name, const Tensor& value) : name_(name), kind_(Kind::kTensor), place_(&value) {}
  Attr(std::string_view name, const AttrValue& value) : name_(name), kind_(Kind::kValue), place_(&value) {}

  std::string_view name() const { return name_; }
  AttrValue value() const;

 private:
  enum class Kind : uint8_t { kInt, kFloat, kText, kInts, kFloats, kTexts, kTensor, kValue };

  std::string_view name_;
  Kind kind_;
  size_t size_ = 0;
  union {
    int64_t int_;
    float float_;
    const void* place_;
  };
};

class AttrList {
 public:
  AttrList() = default;
  AttrList(const std::initializer_list<Attr>& list) : list_(list) {}
  AttrList(const AttrMap& map) : map_(&map) {}

  AttrMap to_map() const;

 private:
  std::span<const Attr> list_;
  const AttrMap* map_ = nullptr;
};

}  // namespace thane
