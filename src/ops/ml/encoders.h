// Categories to numbers and back: CategoryMapper, LabelEncoder, OneHotEncoder; and maps: CastMap, DictVectorizer,
// ZipMap.
#pragma once

#include <unordered_map>

#include "ops/ml/ml.h"

namespace thane::ml {

// Position of a key in a list. Numbers are compared as values of their own type: an integer, or a double (any NaN
// equals any).
class KeyIndex {
 public:
  void add(const Tensor& keys, bool last_wins);
  // Position of keys[i], or -1. `keys` has the dtype that was added.
  int64_t find(const Tensor& keys, int64_t i) const;

 private:
  static uint64_t bits(const Tensor& keys, int64_t i);
  std::unordered_map<std::string, int64_t> strings_;
  std::unordered_map<uint64_t, int64_t> numbers_;
};

struct LabelEncoderAttrs : Attrs {
  std::vector<std::string> keys_strings, values_strings;
  std::vector<int64_t> keys_int64s, values_int64s;
  std::vector<float> keys_floats, values_floats;
  Tensor keys_tensor, values_tensor, default_tensor;
  std::string default_string = "_Unused";
  int64_t default_int64 = -1;
  float default_float = -0.f;
  // Made by prepare(): whichever of the above was given, and the default as one more value at the end.
  Tensor keys, values;
  KeyIndex index;

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("keys_strings", self.keys_strings);
    v("keys_int64s", self.keys_int64s);
    v("keys_floats", self.keys_floats);
    v("keys_tensor", self.keys_tensor);
    v("values_strings", self.values_strings);
    v("values_int64s", self.values_int64s);
    v("values_floats", self.values_floats);
    v("values_tensor", self.values_tensor);
    v("default_string", self.default_string);
    v("default_int64", self.default_int64);
    v("default_float", self.default_float);
    v("default_tensor", self.default_tensor);
  }
};

struct CategoryMapperAttrs : Attrs {
  std::vector<std::string> cats_strings;
  std::vector<int64_t> cats_int64s;
  std::string default_string = "_Unused";
  int64_t default_int64 = -1;
  KeyIndex by_string, by_int;  // made by prepare()

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("cats_strings", self.cats_strings);
    v("cats_int64s", self.cats_int64s);
    v("default_string", self.default_string);
    v("default_int64", self.default_int64);
  }
};

struct OneHotEncoderAttrs : Attrs {
  std::vector<std::string> cats_strings;
  std::vector<int64_t> cats_int64s;
  bool zeros = true;  // an unknown category gives zeros; else it is an error
  KeyIndex index;     // made by prepare()

  Status prepare();
  size_t size() const { return cats_strings.empty() ? cats_int64s.size() : cats_strings.size(); }
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("cats_strings", self.cats_strings);
    v("cats_int64s", self.cats_int64s);
    v("zeros", self.zeros);
  }
};

enum class MapForm : uint8_t { kDense, kSparse };
inline constexpr std::string_view kMapFormNames[] = {"DENSE", "SPARSE"};
enum class CastTo : uint8_t { kFloat, kString, kInt64 };
inline constexpr std::string_view kCastToNames[] = {"TO_FLOAT", "TO_STRING", "TO_INT64"};

struct CastMapAttrs : Attrs {
  CastTo cast_to = CastTo::kFloat;
  MapForm map_form = MapForm::kDense;
  int64_t max_map = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("cast_to", self.cast_to, kCastToNames);
    v.choice("map_form", self.map_form, kMapFormNames);
    v("max_map", self.max_map);
  }
};

struct DictVectorizerAttrs : Attrs {
  Labels vocabulary;
  KeyIndex index;  // made by prepare()

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("int64_vocabulary", self.vocabulary.ints);
    v("string_vocabulary", self.vocabulary.strings);
  }
};

struct ZipMapAttrs : Attrs {
  Labels labels;
  Tensor keys;  // made by prepare()

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("classlabels_int64s", self.labels.ints);
    v("classlabels_strings", self.labels.strings);
  }
};

Status infer_label_encoder(InferContext& context);
Status eval_label_encoder(KernelContext& context);
Status infer_category_mapper(InferContext& context);
Status eval_category_mapper(KernelContext& context);
Status infer_one_hot_encoder(InferContext& context);
Status eval_one_hot_encoder(KernelContext& context);
Status infer_cast_map(InferContext& context);
Status eval_cast_map(KernelContext& context);
Status infer_dict_vectorizer(InferContext& context);
Status eval_dict_vectorizer(KernelContext& context);
Status infer_zip_map(InferContext& context);
Status eval_zip_map(KernelContext& context);

}  // namespace thane::ml
