/* thane for C: opens AI models and runs them, natively.
 *
 *   thane_error* error = thane_error_new();
 *   thane_model* model = NULL;
 *   if (thane_model_load("digits.onnx", &model, error) != THANE_OK) {
 *     fprintf(stderr, "%s\n", thane_error_text(error));
 *     …
 *   }
 *
 * Handles are opaque. Every function that gives a handle through a pointer to it passes ownership: release it with the
 * _free function of its kind, which accepts NULL. On failure the pointer is set to NULL. Strings and arrays that are
 * returned belong to the handle they were asked from and live as long as it does.
 *
 * What can fail returns a thane_code, and describes the failure in `error`, which may be NULL. No exception leaves the
 * library. Models, sessions and values may be used by several threads at once; an error handle by one at a time.
 *
 * pkg-config: thane. CMake: find_package(thane) and link thane::thane. examples/c has a whole program.
 */
#ifndef THANE_H_
#define THANE_H_

#include <stddef.h>
#include <stdint.h>

#include "thane/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library, as "0.1.0". */
THANE_API const char* thane_version(void);

/* ---- errors ---------------------------------------------------------------------------------------------------------
 */

typedef enum thane_code {
  THANE_OK = 0,
  THANE_INVALID_ARGUMENT = 1, /* the request is wrong: a name, a shape, an option, a file of input data */
  THANE_IO = 2,               /* a file cannot be read or written */
  THANE_INVALID_MODEL = 3,    /* the model file is broken or contradicts itself */
  THANE_UNSUPPORTED = 4,      /* the model is fine, but asks for something thane cannot do */
  THANE_RUNTIME = 5,          /* the data met while running is wrong, such as an index out of range */
  THANE_RESOURCE_LIMIT = 6    /* memory is short, or the request would need unreasonable memory or time */
} thane_code;

/* Describes the last failure of a call that it was given to. A call that succeeds clears it. */
typedef struct thane_error thane_error;
THANE_API thane_error* thane_error_new(void); /* NULL when memory is short */
THANE_API void thane_error_free(thane_error* error);
THANE_API thane_code thane_error_code(const thane_error* error);
THANE_API const char* thane_error_text(const thane_error* error);     /* all of it in one line; "" after success */
THANE_API const char* thane_error_message(const thane_error* error);  /* what was found */
THANE_API const char* thane_error_where(const thane_error* error);    /* file, node or option; may be "" */
THANE_API const char* thane_error_expected(const thane_error* error); /* what would have been right; may be "" */
THANE_API const char* thane_error_hint(const thane_error* error);     /* what to do next; may be "" */

/* ---- values ---------------------------------------------------------------------------------------------------------
 */

/* Element types, numbered as in onnx.TensorProto.DataType. In memory every element takes whole bytes, also those of
 * less than 8 bits (integers in an int8_t or uint8_t of the same value; float4 as its code in a uint8_t). */
typedef enum thane_dtype {
  THANE_UNDEFINED = 0,
  THANE_FLOAT32 = 1,
  THANE_UINT8 = 2,
  THANE_INT8 = 3,
  THANE_UINT16 = 4,
  THANE_INT16 = 5,
  THANE_INT32 = 6,
  THANE_INT64 = 7,
  THANE_STRING = 8,
  THANE_BOOL = 9,
  THANE_FLOAT16 = 10,
  THANE_FLOAT64 = 11,
  THANE_UINT32 = 12,
  THANE_UINT64 = 13,
  THANE_COMPLEX64 = 14,
  THANE_COMPLEX128 = 15,
  THANE_BFLOAT16 = 16,
  THANE_FLOAT8E4M3FN = 17,
  THANE_FLOAT8E4M3FNUZ = 18,
  THANE_FLOAT8E5M2 = 19,
  THANE_FLOAT8E5M2FNUZ = 20,
  THANE_UINT4 = 21,
  THANE_INT4 = 22,
  THANE_FLOAT4E2M1 = 23,
  THANE_FLOAT8E8M0 = 24,
  THANE_UINT2 = 25,
  THANE_INT2 = 26
} thane_dtype;
THANE_API const char* thane_dtype_name(thane_dtype dtype); /* "float32", … */
THANE_API size_t thane_dtype_size(thane_dtype dtype);      /* bytes of one element in memory; 0 for strings */

typedef enum thane_kind { THANE_NONE = 0, THANE_TENSOR = 1, THANE_SEQUENCE = 2, THANE_MAP = 3 } thane_kind;

/* What an input or output holds: a tensor (dtype, shape, elements in row-major order), a sequence, a map, or nothing.
 */
typedef struct thane_value thane_value;
THANE_API void thane_value_free(thane_value* value);

/* A tensor with a copy of `bytes` bytes at `data`, as many as dtype and shape need. Not for strings. */
THANE_API thane_code thane_tensor_copy(thane_dtype dtype, const int64_t* dims, size_t rank, const void* data,
                                       size_t bytes, thane_value** value, thane_error* error);
/* The same without a copy: `data` must stay as it is until the value, and all sequences that hold it, are freed. */
THANE_API thane_code thane_tensor_borrow(thane_dtype dtype, const int64_t* dims, size_t rank, const void* data,
                                         size_t bytes, thane_value** value, thane_error* error);
/* A tensor of `count` strings; lengths may be NULL when all end with a NUL and hold none. */
THANE_API thane_code thane_tensor_strings(const int64_t* dims, size_t rank, const char* const* strings,
                                          const size_t* lengths, size_t count, thane_value** value, thane_error* error);
/* NumPy files. */
THANE_API thane_code thane_npy_read(const char* path, thane_value** value, thane_error* error);
THANE_API thane_code thane_npy_write(const char* path, const thane_value* tensor, thane_error* error);

THANE_API thane_kind thane_value_kind(const thane_value* value);
/* Of a tensor; THANE_UNDEFINED, 0 or NULL for other kinds. */
THANE_API thane_dtype thane_value_dtype(const thane_value* value);
THANE_API size_t thane_value_rank(const thane_value* value);
THANE_API const int64_t* thane_value_dims(const thane_value* value);
THANE_API size_t thane_value_size(const thane_value* value);      /* elements */
THANE_API size_t thane_value_bytes(const thane_value* value);     /* 0 for strings */
THANE_API const void* thane_value_data(const thane_value* value); /* NULL for strings */
/* String i of a tensor of strings, ended by a NUL; its length in *length, which may be NULL. NULL when there is none.
 */
THANE_API const char* thane_value_string(const thane_value* value, size_t i, size_t* length);

/* A sequence of values (not copied: they share memory; the handles stay the caller's). `element` is the dtype of its
 * items, needed when there are none. */
THANE_API thane_code thane_sequence_new(const thane_value* const* items, size_t count, thane_dtype element,
                                        thane_value** value, thane_error* error);
THANE_API size_t thane_sequence_count(const thane_value* value);
THANE_API thane_code thane_sequence_item(const thane_value* value, size_t i, thane_value** item, thane_error* error);
/* A map from keys (int64 or string) to values, two tensors of rank 1 and equal length. */
THANE_API thane_code thane_map_new(const thane_value* keys, const thane_value* values, thane_value** value,
                                   thane_error* error);
THANE_API thane_code thane_map_keys(const thane_value* value, thane_value** keys, thane_error* error);
THANE_API thane_code thane_map_values(const thane_value* value, thane_value** values, thane_error* error);

/* ---- models ---------------------------------------------------------------------------------------------------------
 */

typedef struct thane_model thane_model;

/* What to read of a file that holds several things. A fresh one holds the defaults. */
typedef struct thane_load_options thane_load_options;
THANE_API thane_load_options* thane_load_options_new(void); /* NULL when memory is short */
THANE_API void thane_load_options_free(thane_load_options* options);
/* The signature (TensorFlow) or method (TorchScript) to use; NULL or "": the one most callers mean. */
THANE_API thane_code thane_load_options_set_entry_point(thane_load_options* options, const char* name);
/* For graphs that declare no outputs (frozen TensorFlow graphs): one more value to deliver. Without any: those that
 * nothing reads. */
THANE_API thane_code thane_load_options_add_output(thane_load_options* options, const char* name);

/* Opens a model file; its content decides the format. Nothing in it is executed. The file is mapped: it must not be
 * changed while the model or a session made from it lives. options may be NULL. */
THANE_API thane_code thane_model_load(const char* path, const thane_load_options* options, thane_model** model,
                                      thane_error* error);
THANE_API void thane_model_free(thane_model* model);                  /* sessions made from it stay usable */
THANE_API const char* thane_model_format(const thane_model* model);   /* "onnx" */
THANE_API const char* thane_model_producer(const thane_model* model); /* may be "" */
/* Value of a metadata key that the file's author added, or NULL. */
THANE_API const char* thane_model_metadata(const thane_model* model, const char* key);
/* The entry point in use ("" where the file has only one, without a name), and the names of all; NULL beyond the last.
 */
THANE_API const char* thane_model_entry_point(const thane_model* model);
THANE_API size_t thane_model_entry_point_count(const thane_model* model);
THANE_API const char* thane_model_entry_point_name(const thane_model* model, size_t i);

/* An input or output, as the model declares it. */
typedef struct thane_value_info {
  const char* name;
  const char* type;           /* for people: "float32[batch, 3, 224, 224]" */
  thane_kind kind;            /* THANE_NONE: the model does not say */
  int optional;               /* not 0: the value may be NULL */
  thane_dtype dtype;          /* of a tensor */
  int rank;                   /* of a tensor; -1: any */
  const int64_t* dims;        /* -1 for an open dimension */
  const char* const* symbols; /* what the model calls an open dimension; may be "" */
} thane_value_info;
THANE_API size_t thane_model_input_count(const thane_model* model);
THANE_API size_t thane_model_output_count(const thane_model* model);
THANE_API const thane_value_info* thane_model_input(const thane_model* model, size_t i);  /* NULL: there is none */
THANE_API const thane_value_info* thane_model_output(const thane_model* model, size_t i); /* NULL: there is none */

/* ---- sessions -------------------------------------------------------------------------------------------------------
 */

typedef enum thane_precision {
  THANE_EXACT = 0, /* no algebraic rewriting */
  THANE_FP32 = 1,  /* float32 throughout; algebraic rewriting allowed (the default) */
  THANE_BF16 = 2,  /* weights in bfloat16 (half the memory), and products too where the CPU has them */
  THANE_AUTO = 3   /* fp32 or bf16: the first run tries both and keeps the faster one that is within the error below */
} thane_precision;

/* How to run. A fresh one holds the defaults. */
typedef struct thane_options thane_options;
THANE_API thane_options* thane_options_new(void); /* NULL when memory is short */
THANE_API void thane_options_free(thane_options* options);
THANE_API void thane_options_set_threads(thane_options* options,
                                         int threads); /* 0: one per usable core (the default) */
THANE_API void thane_options_set_precision(thane_options* options, thane_precision precision);
/* Of THANE_AUTO: the largest difference from fp32's results, in parts of an output's largest magnitude; default 0.01.
 */
THANE_API void thane_options_set_max_error(thane_options* options, double max_error);
/* Instruction sets to use at most: "portable", "avx2", …; NULL: all the CPU has. Whether it has them is checked by
 * thane_session_new. */
THANE_API thane_code thane_options_set_isa(thane_options* options, const char* isa);
THANE_API void thane_options_set_optimise(thane_options* options, int on);    /* default 1 */
THANE_API void thane_options_set_seed(thane_options* options, uint64_t seed); /* of random ops; default 0 */

typedef struct thane_session thane_session;

/* options may be NULL. */
THANE_API thane_code thane_session_new(const thane_model* model, const thane_options* options, thane_session** session,
                                       thane_error* error);
THANE_API void thane_session_free(thane_session* session);

/* Runs once: one value per input of the model in order (NULL for an optional one left empty); sets one value per output
 * in order, each to be freed. output_count must be the model's. On failure all outputs are NULL. */
THANE_API thane_code thane_session_run(const thane_session* session, const thane_value* const* inputs,
                                       size_t input_count, thane_value** outputs, size_t output_count,
                                       thane_error* error);
/* The same with inputs by name. */
THANE_API thane_code thane_session_run_named(const thane_session* session, const char* const* names,
                                             const thane_value* const* inputs, size_t input_count,
                                             thane_value** outputs, size_t output_count, thane_error* error);

/* Models that keep state between runs (recurrent layers, variables) start again. Others have none. */
THANE_API void thane_session_reset_states(const thane_session* session);

#ifdef __cplusplus
}
#endif

#endif
