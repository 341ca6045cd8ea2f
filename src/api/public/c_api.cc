// The C API over the C++ one. Every entry catches what its containers may throw: std::bad_alloc.
#include <algorithm>
#include <new>

#include "thane/thane.h"
#include "thane/thane.hpp"

struct thane_error {
  thane::Error error;
  std::string text;
  thane_code code = THANE_OK;
};
struct thane_value {
  thane::Value value;
};
struct thane_options {
  thane::SessionOptions options;
};
struct thane_load_options {
  thane::LoadOptions options;
};

namespace {

struct SameDType {
  thane_dtype c;
  thane::DType cpp;
};
constexpr SameDType kDTypes[] = {
    {THANE_UNDEFINED, thane::DType::kUndefined},
    {THANE_FLOAT32, thane::DType::kFloat32},
    {THANE_UINT8, thane::DType::kUInt8},
    {THANE_INT8, thane::DType::kInt8},
    {THANE_UINT16, thane::DType::kUInt16},
    {THANE_INT16, thane::DType::kInt16},
    {THANE_INT32, thane::DType::kInt32},
    {THANE_INT64, thane::DType::kInt64},
    {THANE_STRING, thane::DType::kString},
    {THANE_BOOL, thane::DType::kBool},
    {THANE_FLOAT16, thane::DType::kFloat16},
    {THANE_FLOAT64, thane::DType::kFloat64},
    {THANE_UINT32, thane::DType::kUInt32},
    {THANE_UINT64, thane::DType::kUInt64},
    {THANE_COMPLEX64, thane::DType::kComplex64},
    {THANE_COMPLEX128, thane::DType::kComplex128},
    {THANE_BFLOAT16, thane::DType::kBFloat16},
    {THANE_FLOAT8E4M3FN, thane::DType::kFloat8E4M3FN},
    {THANE_FLOAT8E4M3FNUZ, thane::DType::kFloat8E4M3FNUZ},
    {THANE_FLOAT8E5M2, thane::DType::kFloat8E5M2},
    {THANE_FLOAT8E5M2FNUZ, thane::DType::kFloat8E5M2FNUZ},
    {THANE_UINT4, thane::DType::kUInt4},
    {THANE_INT4, thane::DType::kInt4},
    {THANE_FLOAT4E2M1, thane::DType::kFloat4E2M1},
    {THANE_FLOAT8E8M0, thane::DType::kFloat8E8M0},
    {THANE_UINT2, thane::DType::kUInt2},
    {THANE_INT2, thane::DType::kInt2},
};
static_assert(std::ranges::all_of(kDTypes, [](const SameDType& row) {
  return static_cast<int>(row.c) == static_cast<int>(row.cpp);
}));

// A ValueInfo with its dimensions as C arrays. Points into the ModelInfo it was made from.
struct InfoArrays {
  std::vector<int64_t> dims;
  std::vector<const char*> symbols;
  thane_value_info info;

  explicit InfoArrays(const thane::ValueInfo& from) {
    for (const thane::Dimension& dim : from.shape) {
      dims.push_back(dim.size);
      symbols.push_back(dim.symbol.c_str());
    }
    info = {from.name.c_str(),
            from.type.c_str(),
            static_cast<thane_kind>(from.kind),
            from.optional,
            static_cast<thane_dtype>(from.dtype),
            from.has_rank ? static_cast<int>(dims.size()) : -1,
            dims.data(),
            symbols.data()};
  }
};

thane_code fail(thane_error* into, const thane::Error& error) {
  const auto code = static_cast<thane_code>(error.code);
  if (into) {
    into->code = code;
    into->error = error;
    into->text = error.to_string();
  }
  return code;
}

thane_code out_of_memory(thane_error* into) {
  if (into) {  // no memory for words
    into->code = THANE_RESOURCE_LIMIT;
    into->error = {};
    into->text.clear();
  }
  return THANE_RESOURCE_LIMIT;
}

thane::Error null_pointer(const char* what) {
  return {thane::ErrorCode::kInvalidArgument, std::string(what) + " is NULL", "", "a pointer", ""};
}

// Runs body(), a thane::Status; nothing it throws gets out.
template <class Body>
thane_code guarded(thane_error* error, const Body& body) {
  try {
    const thane::Status status = body();
    if (!status) return fail(error, status.error());
    if (error) *error = {};
    return THANE_OK;
  } catch (...) {
    return out_of_memory(error);
  }
}

// Sets *out to NULL; false when there is nowhere to put a handle.
template <class Handle>
bool clear(Handle** out) {
  if (out) *out = nullptr;
  return out != nullptr;
}

// Gives a handle made of `result` to *out.
template <class Handle, class T>
thane::Status hand_out(thane::Result<T> result, Handle** out) {
  if (!result) return result.error();
  *out = new Handle{std::move(*result)};
  return {};
}

const thane::Tensor& tensor_of(const thane_value* value) {
  static const thane::Tensor none;
  return value ? value->value.tensor() : none;
}

thane::Shape shape_of(const int64_t* dims, size_t rank) {
  return rank ? thane::Shape(dims, dims + rank) : thane::Shape();
}

}  // namespace

struct thane_model {
  thane::Model model;
  std::vector<InfoArrays> inputs, outputs;

  explicit thane_model(thane::Model from) : model(std::move(from)) {
    for (const auto& info : model.info().inputs) inputs.emplace_back(info);
    for (const auto& info : model.info().outputs) outputs.emplace_back(info);
  }
};
struct thane_session {
  thane::Session session;
};

extern "C" {

const char* thane_version(void) { return thane::version(); }

// ---- errors

thane_error* thane_error_new(void) { return new (std::nothrow) thane_error(); }
void thane_error_free(thane_error* error) { delete error; }
thane_code thane_error_code(const thane_error* error) { return error ? error->code : THANE_OK; }
const char* thane_error_text(const thane_error* error) {
  if (!error || error->code == THANE_OK) return "";
  return error->text.empty() ? "out of memory" : error->text.c_str();
}
const char* thane_error_message(const thane_error* error) { return error ? error->error.message.c_str() : ""; }
const char* thane_error_where(const thane_error* error) { return error ? error->error.where.c_str() : ""; }
const char* thane_error_expected(const thane_error* error) { return error ? error->error.expected.c_str() : ""; }
const char* thane_error_hint(const thane_error* error) { return error ? error->error.hint.c_str() : ""; }

// ---- values

const char* thane_dtype_name(thane_dtype dtype) { return thane::dtype_name(static_cast<thane::DType>(dtype)).data(); }
size_t thane_dtype_size(thane_dtype dtype) {
  return dtype == THANE_STRING ? 0 : thane::dtype_size(static_cast<thane::DType>(dtype));
}

void thane_value_free(thane_value* value) { delete value; }

thane_code thane_tensor_copy(thane_dtype dtype, const int64_t* dims, size_t rank, const void* data, size_t bytes,
                             thane_value** value, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(value) || (rank && !dims)) return null_pointer("an argument");
    return hand_out(thane::Tensor::copy_of(static_cast<thane::DType>(dtype), shape_of(dims, rank), data, bytes), value);
  });
}

thane_code thane_tensor_borrow(thane_dtype dtype, const int64_t* dims, size_t rank, const void* data, size_t bytes,
                               thane_value** value, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(value) || (rank && !dims)) return null_pointer("an argument");
    return hand_out(thane::Tensor::borrow(static_cast<thane::DType>(dtype), shape_of(dims, rank), data, bytes), value);
  });
}

thane_code thane_tensor_strings(const int64_t* dims, size_t rank, const char* const* strings, const size_t* lengths,
                                size_t count, thane_value** value, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(value) || (rank && !dims) || (count && !strings)) return null_pointer("an argument");
    std::vector<std::string> elements;
    for (size_t i = 0; i < count; ++i) {
      if (!strings[i]) return null_pointer("a string");
      elements.push_back(lengths ? std::string(strings[i], lengths[i]) : std::string(strings[i]));
    }
    return hand_out(thane::Tensor::strings(shape_of(dims, rank), std::move(elements)), value);
  });
}

thane_code thane_npy_read(const char* path, thane_value** value, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(value) || !path) return null_pointer("an argument");
    return hand_out(thane::read_npy(path), value);
  });
}

thane_code thane_npy_write(const char* path, const thane_value* tensor, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!path || !tensor) return null_pointer(path ? "tensor" : "path");
    return thane::write_npy(path, tensor->value.tensor());
  });
}

thane_kind thane_value_kind(const thane_value* value) {
  return value ? static_cast<thane_kind>(value->value.kind()) : THANE_NONE;
}
thane_dtype thane_value_dtype(const thane_value* value) { return static_cast<thane_dtype>(tensor_of(value).dtype()); }
size_t thane_value_rank(const thane_value* value) { return tensor_of(value).rank(); }
const int64_t* thane_value_dims(const thane_value* value) { return tensor_of(value).shape().data(); }
size_t thane_value_size(const thane_value* value) { return tensor_of(value).size(); }
size_t thane_value_bytes(const thane_value* value) {
  return tensor_of(value).dtype() == thane::DType::kString ? 0 : tensor_of(value).size_bytes();
}
const void* thane_value_data(const thane_value* value) {
  return tensor_of(value).dtype() == thane::DType::kString ? nullptr : tensor_of(value).data();
}
const char* thane_value_string(const thane_value* value, size_t i, size_t* length) {
  const thane::Tensor& tensor = tensor_of(value);
  if (tensor.dtype() != thane::DType::kString || i >= tensor.size()) return nullptr;
  const std::string& text = static_cast<const std::string*>(tensor.data())[i];
  if (length) *length = text.size();
  return text.c_str();
}

thane_code thane_sequence_new(const thane_value* const* items, size_t count, thane_dtype element, thane_value** value,
                              thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(value) || (count && !items)) return null_pointer("an argument");
    std::vector<thane::Value> values;
    for (size_t i = 0; i < count; ++i) {
      if (!items[i]) return null_pointer("an item");
      values.push_back(items[i]->value);
    }
    *value = new thane_value{thane::Value::sequence(std::move(values), static_cast<thane::DType>(element))};
    return {};
  });
}

size_t thane_sequence_count(const thane_value* value) { return value ? value->value.items().size() : 0; }

thane_code thane_sequence_item(const thane_value* value, size_t i, thane_value** item, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(item)) return null_pointer("item");
    const size_t count = thane_sequence_count(value);
    if (i >= count) {
      return thane::Error{thane::ErrorCode::kInvalidArgument, "item " + std::to_string(i), "",
                          "one of " + std::to_string(count), ""};
    }
    *item = new thane_value{value->value.items()[i]};
    return {};
  });
}

thane_code thane_map_new(const thane_value* keys, const thane_value* values, thane_value** value, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(value)) return null_pointer("value");
    return hand_out(thane::Value::map(tensor_of(keys), tensor_of(values)), value);
  });
}

thane_code thane_map_keys(const thane_value* value, thane_value** keys, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(keys) || !value) return null_pointer("an argument");
    *keys = new thane_value{value->value.map_keys()};
    return {};
  });
}

thane_code thane_map_values(const thane_value* value, thane_value** values, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(values) || !value) return null_pointer("an argument");
    *values = new thane_value{value->value.map_values()};
    return {};
  });
}

// ---- models

thane_load_options* thane_load_options_new(void) { return new (std::nothrow) thane_load_options(); }
void thane_load_options_free(thane_load_options* options) { delete options; }
thane_code thane_load_options_set_entry_point(thane_load_options* options, const char* name) {
  return guarded(nullptr, [&]() -> thane::Status {
    if (!options) return null_pointer("options");
    options->options.entry_point = name ? name : "";
    return {};
  });
}
thane_code thane_load_options_add_output(thane_load_options* options, const char* name) {
  return guarded(nullptr, [&]() -> thane::Status {
    if (!options || !name) return null_pointer("an argument");
    options->options.outputs.emplace_back(name);
    return {};
  });
}

thane_code thane_model_load(const char* path, const thane_load_options* options, thane_model** model,
                            thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(model) || !path) return null_pointer("an argument");
    auto loaded = thane::Model::load(path, options ? options->options : thane::LoadOptions());
    if (!loaded) return loaded.error();
    *model = new thane_model(std::move(*loaded));
    return {};
  });
}

void thane_model_free(thane_model* model) { delete model; }
const char* thane_model_format(const thane_model* model) { return model ? model->model.info().format.c_str() : ""; }
const char* thane_model_producer(const thane_model* model) { return model ? model->model.info().producer.c_str() : ""; }
const char* thane_model_metadata(const thane_model* model, const char* key) {
  if (!model || !key) return nullptr;
  const thane::Properties& metadata = model->model.info().metadata;
  const auto found = std::ranges::find(metadata, std::string_view(key), &std::pair<std::string, std::string>::first);
  return found == metadata.end() ? nullptr : found->second.c_str();
}
const char* thane_model_entry_point(const thane_model* model) {
  return model ? model->model.info().entry_point.c_str() : "";
}
size_t thane_model_entry_point_count(const thane_model* model) {
  return model ? model->model.info().entry_points.size() : 0;
}
const char* thane_model_entry_point_name(const thane_model* model, size_t i) {
  return i < thane_model_entry_point_count(model) ? model->model.info().entry_points[i].c_str() : nullptr;
}
size_t thane_model_input_count(const thane_model* model) { return model ? model->inputs.size() : 0; }
size_t thane_model_output_count(const thane_model* model) { return model ? model->outputs.size() : 0; }
const thane_value_info* thane_model_input(const thane_model* model, size_t i) {
  return i < thane_model_input_count(model) ? &model->inputs[i].info : nullptr;
}
const thane_value_info* thane_model_output(const thane_model* model, size_t i) {
  return i < thane_model_output_count(model) ? &model->outputs[i].info : nullptr;
}

// ---- sessions

thane_options* thane_options_new(void) { return new (std::nothrow) thane_options(); }
void thane_options_free(thane_options* options) { delete options; }
void thane_options_set_threads(thane_options* options, int threads) { options->options.threads = threads; }
void thane_options_set_precision(thane_options* options, thane_precision precision) {
  options->options.precision = static_cast<thane::Precision>(precision);
}
void thane_options_set_max_error(thane_options* options, double max_error) { options->options.max_error = max_error; }
thane_code thane_options_set_isa(thane_options* options, const char* isa) {
  return guarded(nullptr, [&]() -> thane::Status {
    if (!options) return null_pointer("options");
    options->options.isa = isa ? isa : "";
    return {};
  });
}
void thane_options_set_optimise(thane_options* options, int on) { options->options.optimise = on != 0; }
void thane_options_set_seed(thane_options* options, uint64_t seed) { options->options.seed = seed; }

thane_code thane_session_new(const thane_model* model, const thane_options* options, thane_session** session,
                             thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!clear(session) || !model) return null_pointer("an argument");
    return hand_out(thane::Session::create(model->model, options ? options->options : thane::SessionOptions()),
                    session);
  });
}

void thane_session_free(thane_session* session) { delete session; }

thane_code thane_session_run(const thane_session* session, const thane_value* const* inputs, size_t input_count,
                             thane_value** outputs, size_t output_count, thane_error* error) {
  return guarded(error, [&]() -> thane::Status {
    if (!session || (input_count && !inputs) || (output_count && !outputs)) return null_pointer("an argument");
    std::fill_n(outputs, output_count, nullptr);
    const size_t expected = session->session.info().outputs.size();
    if (output_count != expected) {
      return thane::Error{thane::ErrorCode::kInvalidArgument, "room for " + std::to_string(output_count) + " outputs",
                          "", std::to_string(expected), ""};
    }
    std::vector<thane::Value> values;
    for (size_t i = 0; i < input_count; ++i) values.push_back(inputs[i] ? inputs[i]->value : thane::Value());
    auto results = session->session.run(values);
    if (!results) return results.error();
    std::vector<std::unique_ptr<thane_value>> handles;  // all or none
    for (thane::Value& result : *results)
      handles.push_back(std::unique_ptr<thane_value>(new thane_value{std::move(result)}));
    for (size_t i = 0; i < handles.size(); ++i) outputs[i] = handles[i].release();
    return {};
  });
}

thane_code thane_session_run_named(const thane_session* session, const char* const* names,
                                   const thane_value* const* inputs, size_t input_count, thane_value** outputs,
                                   size_t output_count, thane_error* error) {
  std::vector<const thane_value*> ordered;
  const thane_code code = guarded(error, [&]() -> thane::Status {
    if (!session || (input_count && (!names || !inputs))) return null_pointer("an argument");
    if (outputs) std::fill_n(outputs, output_count, nullptr);
    const auto& declared = session->session.info().inputs;
    ordered.assign(declared.size(), nullptr);
    std::vector<bool> given(declared.size(), false);
    for (size_t i = 0; i < input_count; ++i) {
      const auto found =
          std::ranges::find(declared, std::string_view(names[i] ? names[i] : ""), &thane::ValueInfo::name);
      if (found == declared.end()) {
        std::string all;
        for (const auto& info : declared) all += (all.empty() ? "'" : ", '") + info.name + "'";
        return thane::Error{thane::ErrorCode::kInvalidArgument,
                            "there is no input '" + std::string(names[i] ? names[i] : "(NULL)") + "'", "", all, ""};
      }
      const auto at = static_cast<size_t>(found - declared.begin());
      ordered[at] = inputs[i];
      given[at] = true;
    }
    for (size_t i = 0; i < declared.size(); ++i) {
      if (given[i] || declared[i].optional) continue;
      return thane::Error{thane::ErrorCode::kInvalidArgument, "no value is given", "input '" + declared[i].name + "'",
                          declared[i].type, ""};
    }
    return {};
  });
  if (code != THANE_OK) return code;
  return thane_session_run(session, ordered.data(), ordered.size(), outputs, output_count, error);
}

void thane_session_reset_states(const thane_session* session) {
  if (session) session->session.reset_states();
}

}  // extern "C"
