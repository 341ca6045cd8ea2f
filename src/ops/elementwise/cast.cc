// Cast, CastLike and BitCast.
#include <cstring>

#include "base/format.h"
#include "ops/convert.h"
#include "ops/elementwise/cast.h"
#include "ops/elementwise/cast_string.h"
#include "ops/families.h"
#include "ops/infer_shapes.h"

namespace thane {
namespace {

constexpr DTypeMask kCastable = kConvertible | kStringOnly;

struct CastLikeAttrs : Attrs {
  E8M0Rounding round_mode = E8M0Rounding::kUp;
  bool saturate = true;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"up", "down", "nearest"};
    v.choice("round_mode", self.round_mode, kNames);
    v("saturate", self.saturate);
  }
  CastRules rules() const { return {saturate, round_mode}; }
};

struct CastAttrs : CastLikeAttrs {
  DType to = DType::kUndefined;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("to", self.to);
    CastLikeAttrs::fields(self, v);
  }
};

struct BitCastAttrs : Attrs {
  DType to = DType::kUndefined;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("to", self.to);
  }
};

Status infer_cast_to(InferContext& context, DType to, DTypeMask allowed) {
  if (!(mask_of(to) & allowed)) {
    return invalid_model(format("cannot cast to {}", dtype_name(to))).expecting(dtype_mask_names(allowed));
  }
  THANE_TRY(infer_same_dims(context, to));
  if ((mask_of(to) & kIndexInts) && (mask_of(context.dtype(0)) & kIndexInts)) {
    if (auto values = context.dim_values(0)) context.set_dim_values(0, std::move(*values));
  }
  return ok();
}

Status infer_cast(InferContext& context) { return infer_cast_to(context, context.attrs<CastAttrs>().to, kCastable); }

Status infer_cast_like(InferContext& context) {
  if (context.dtype(1) == DType::kUndefined) return infer_same_dims(context, DType::kUndefined);
  return infer_cast_to(context, context.dtype(1), kCastable);
}

Status eval_cast_to(KernelContext& context, CastRules rules) {
  const Tensor& in = context.input(0);
  const Tensor& out = context.output(0);
  const bool from_string = in.dtype() == DType::kString, to_string = out.dtype() == DType::kString;
  if (from_string && to_string) {
    for (int64_t i = 0; i < in.size(); ++i) out.data<std::string>()[i] = in.data<std::string>()[i];
  } else if (from_string) {
    return strings_to_numbers(in, out);
  } else if (to_string) {
    numbers_to_strings(in, out);
  } else {
    convert_tensor(in, out, context.threads(), rules);
  }
  return ok();
}

Status eval_cast(KernelContext& context) { return eval_cast_to(context, context.attrs<CastAttrs>().rules()); }
Status eval_cast_like(KernelContext& context) { return eval_cast_to(context, context.attrs<CastLikeAttrs>().rules()); }

Status infer_bit_cast(InferContext& context) {
  const DType from = context.dtype(0), to = context.attrs<BitCastAttrs>().to;
  if (!(mask_of(to) & kFixedSize)) {
    return invalid_model(format("cannot reinterpret as {}", dtype_name(to))).expecting("a numeric type");
  }
  if (from != DType::kUndefined && dtype_bits(from) != dtype_bits(to)) {
    return invalid_model(format("cannot reinterpret {} as {}: their widths differ", dtype_name(from), dtype_name(to)))
        .expecting(format("a type of {} bits", dtype_bits(from)));
  }
  return infer_same_dims(context, to);
}

// Sub-byte integers are held sign-extended in a byte, float4 in its low bits: bring the bits into the target's form.
void recode_small(DType to, const uint8_t* in, uint8_t* out, int64_t n) {
  const int bits = dtype_bits(to);
  const uint8_t mask = static_cast<uint8_t>((1 << bits) - 1);
  const bool extend = mask_of(to) & mask_of(DType::kInt4, DType::kInt2);
  for (int64_t i = 0; i < n; ++i) {
    const uint8_t low = in[i] & mask;
    out[i] = extend && (low >> (bits - 1)) ? static_cast<uint8_t>(low | ~mask) : low;
  }
}

Status eval_bit_cast(KernelContext& context) {
  const Tensor& in = context.input(0);
  Tensor& out = context.output(0);
  if (in.size() == 0) return ok();
  if (mask_of(out.dtype()) & kSubByte) {
    recode_small(out.dtype(), in.data<uint8_t>(), out.data<uint8_t>(), in.size());
  } else {
    std::memmove(out.raw(), in.raw(), in.size_bytes());
  }
  return ok();
}

constexpr Param kCastIn[] = {{.name = "input", .types = kCastable}, {.name = "target_type", .types = kCastable}};
constexpr Param kCastOut[] = {{.name = "output", .types = kCastable}};
constexpr Param kBitCastIn[] = {{.name = "input", .types = kFixedSize}};
constexpr Param kBitCastOut[] = {{.name = "output", .types = kFixedSize}};

constexpr OpDef kCastOps[] = {
    {.name = "BitCast",
     .inputs = kBitCastIn,
     .min_inputs = 1,
     .outputs = kBitCastOut,
     .attrs = &attrs_schema<BitCastAttrs>,
     .infer = infer_bit_cast,
     .eval = eval_bit_cast,
     .flags = kElementwise},
    {.name = "Cast",
     .inputs = std::span(kCastIn).first(1),
     .min_inputs = 1,
     .outputs = kCastOut,
     .attrs = &attrs_schema<CastAttrs>,
     .infer = infer_cast,
     .eval = eval_cast,
     .flags = kElementwise},
    {.name = "CastLike",
     .inputs = kCastIn,
     .min_inputs = 2,
     .outputs = kCastOut,
     .attrs = &attrs_schema<CastLikeAttrs>,
     .infer = infer_cast_like,
     .eval = eval_cast_like,
     .flags = kElementwise},
};

}  // namespace

std::span<const OpDef> cast_ops() { return kCastOps; }

AttrsPtr cast_attrs(DType dtype) {
  auto attrs = std::make_shared<CastAttrs>();
  attrs->to = dtype;
  return attrs;
}

}  // namespace thane
