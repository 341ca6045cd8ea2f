// DepthToSpace and SpaceToDepth: b×b blocks of pixels against b² groups of channels.
#include "base/checked.h"
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

// Positions of batch, channel, row and column among the four axes.
struct AxisOrder {
  size_t n, c, h, w;
};
AxisOrder order_of(DataLayout layout) {
  return layout == DataLayout::kChannelsFirst ? AxisOrder{0, 1, 2, 3} : AxisOrder{0, 3, 1, 2};
}

Result<const SymDims*> four_dims(const InferContext& context, int64_t block) {
  const SymDims* dims = context.dims(0);
  if (dims && dims->size() != 4) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("rank 4");
  }
  if (block < 1 || block > int64_t{1} << 24) {
    return invalid_model(format("blocksize is {}", block)).expecting("1 or more");
  }
  return dims;
}

Result<Dim> divided(const Dim& dim, int64_t by, std::string_view what) {
  if (dim.is_number() && dim.number() % by != 0) {
    return invalid_model(format("{} {} is no multiple of {}", dim.number(), what, by));
  }
  return Dim::floor_div(dim, by);
}

// Copies between the deep form (b² times the channels) and the wide one. `wide` are the dims of the latter.
struct BlockCopy {
  Dims dims, deep, wide;  // over n, h, block row, w, block column, c in the order of the layout
};

BlockCopy block_copy(const Dims& deep_dims, const Dims& wide_dims, int64_t block, DepthOrder order, DataLayout layout) {
  const AxisOrder at = order_of(layout);
  const Dims ds = row_major_strides(deep_dims), ws = row_major_strides(wide_dims);
  const int64_t channels = wide_dims[at.c];
  const bool blocks_outside = order == DepthOrder::kDepthColumnRow;
  const int64_t block_stride = ds[at.c] * (blocks_outside ? channels : 1);
  const int64_t channel_stride = ds[at.c] * (blocks_outside ? 1 : block * block);
  struct Part {
    int64_t size, deep, wide;
  };
  const Part n{deep_dims[at.n], ds[at.n], ws[at.n]}, c{channels, channel_stride, ws[at.c]};
  const Part h{deep_dims[at.h], ds[at.h], ws[at.h] * block}, bh{block, block_stride * block, ws[at.h]};
  const Part w{deep_dims[at.w], ds[at.w], ws[at.w] * block}, bw{block, block_stride, ws[at.w]};
  const Part first[] = {n, c, h, bh, w, bw}, last[] = {n, h, bh, w, bw, c};
  BlockCopy copy;
  for (const Part& part : layout == DataLayout::kChannelsFirst ? first : last) {
    copy.dims.push_back(part.size);
    copy.deep.push_back(part.deep);
    copy.wide.push_back(part.wide);
  }
  return copy;
}

}  // namespace

Status infer_depth_to_space(InferContext& context) {
  const auto& attrs = context.attrs<DepthToSpaceAttrs>();
  THANE_ASSIGN(const SymDims* dims, four_dims(context, attrs.block));
  if (!dims) return context.set(0, context.dtype(0), SymDims(4)), ok();
  const AxisOrder at = order_of(attrs.layout);
  SymDims out = *dims;
  THANE_ASSIGN(out[at.c], divided(out[at.c], attrs.block * attrs.block, "channels"));
  out[at.h] = out[at.h] * attrs.block;
  out[at.w] = out[at.w] * attrs.block;
  THANE_TRY(check_sizes(context, out));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_depth_to_space(KernelContext& context) {
  const auto& attrs = context.attrs<DepthToSpaceAttrs>();
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  const BlockCopy copy = block_copy(input.dims(), output.dims(), attrs.block, attrs.mode, attrs.layout);
  copy_strided(input.dtype(), copy.dims, input.raw(), copy.deep, output.raw(), copy.wide, context.threads());
  return ok();
}

Status infer_space_to_depth(InferContext& context) {
  const auto& attrs = context.attrs<SpaceToDepthAttrs>();
  THANE_ASSIGN(const SymDims* dims, four_dims(context, attrs.block));
  if (!dims) return context.set(0, context.dtype(0), SymDims(4)), ok();
  const AxisOrder at = order_of(attrs.layout);
  SymDims out = *dims;
  out[at.c] = out[at.c] * (attrs.block * attrs.block);
  THANE_ASSIGN(out[at.h], divided(out[at.h], attrs.block, "rows"));
  THANE_ASSIGN(out[at.w], divided(out[at.w], attrs.block, "columns"));
  THANE_TRY(check_sizes(context, out));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_space_to_depth(KernelContext& context) {
  const auto& attrs = context.attrs<SpaceToDepthAttrs>();
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  const BlockCopy copy =
      block_copy(output.dims(), input.dims(), attrs.block, DepthOrder::kDepthColumnRow, attrs.layout);
  copy_strided(input.dtype(), copy.dims, input.raw(), copy.wide, output.raw(), copy.deep, context.threads());
  return ok();
}

}  // namespace thane
