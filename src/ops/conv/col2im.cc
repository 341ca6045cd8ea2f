// Col2Im: adds the columns of [batch, channels · block, blocks] back into the image they were cut from.
#include "base/checked.h"
#include "base/format.h"
#include "ops/conv/conv.h"

namespace thane {
namespace {

// The sliding blocks over the image; axis.out counts them.
Result<std::vector<WindowAxis>> blocks_of(const Col2ImAttrs& attrs, const Dims& image, const Dims& block) {
  if (image.empty()) return invalid_model("image_shape is empty").expecting("one size per spatial axis");
  const auto elements = checked_product(image);
  if (!elements) return invalid_model(format("image_shape {} is no shape", to_string(image)));
  THANE_ASSIGN(auto axes, resolve_window(attrs, image, block));
  if (!checked_product(block)) return resource_limit(format("block_shape {} is too large", to_string(block)));
  return axes;
}

// Product of one member over the axes.
Result<int64_t> product_of(const std::vector<WindowAxis>& axes, int64_t WindowAxis::*member) {
  int64_t product = 1;
  for (const WindowAxis& axis : axes) {
    const auto next = checked_mul(product, axis.*member);
    if (!next) return resource_limit("too many blocks");
    product = *next;
  }
  return product;
}

Status check_columns(const std::vector<WindowAxis>& axes, const SymDims& input) {
  THANE_ASSIGN(const int64_t taps, product_of(axes, &WindowAxis::kernel));
  THANE_ASSIGN(const int64_t blocks, product_of(axes, &WindowAxis::out));
  if (input[1].is_number() && input[1].number() % taps != 0) {
    return invalid_model(format("{} rows are no multiple of the block's {} elements", input[1].number(), taps));
  }
  if (input[2].is_number() && input[2].number() != blocks) {
    return invalid_model(format("{} columns", input[2].number())).expecting(format("{}, one per block", blocks));
  }
  return ok();
}

template <class T>
struct SumType {
  using type = T;
};
template <>
struct SumType<Half> {
  using type = float;
};
template <>
struct SumType<BFloat16> {
  using type = float;
};

// Adds all blocks of one channel ([taps][blocks]) into its image.
template <class T, class Sum>
void add_blocks(const std::vector<WindowAxis>& axes, int64_t taps, int64_t blocks, const T* columns, Sum* image) {
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t block = 0; block < blocks; ++block) {
      int64_t index = 0, scale = 1, tap_rest = tap, rest = block;
      bool inside = true;
      for (size_t i = axes.size(); i-- > 0;) {
        const WindowAxis& axis = axes[i];
        const int64_t at = axis.start(rest % axis.out) + tap_rest % axis.kernel * axis.dilation;
        rest /= axis.out;
        tap_rest /= axis.kernel;
        if (at < 0 || at >= axis.in) {
          inside = false;
          break;
        }
        index += at * scale;
        scale *= axis.in;
      }
      if (inside) image[index] = static_cast<Sum>(image[index] + static_cast<Sum>(columns[tap * blocks + block]));
    }
  }
}

template <class T>
void add_channels(const std::vector<WindowAxis>& axes, int64_t taps, int64_t blocks, const Tensor& input,
                  Tensor& output, ThreadPool& threads) {
  using Sum = typename SumType<T>::type;
  const int64_t channels = output.dim(0) * output.dim(1), elements = output.size() / channels;
  threads.parallel_for(channels, 1 + 16384 / (elements + taps * blocks), [&](int64_t begin, int64_t end) {
    std::vector<Sum> image(static_cast<size_t>(elements));
    for (int64_t c = begin; c < end; ++c) {
      std::fill(image.begin(), image.end(), Sum(0));
      add_blocks(axes, taps, blocks, input.data<T>() + c * taps * blocks, image.data());
      for (int64_t i = 0; i < elements; ++i)
        output.data<T>()[c * elements + i] = static_cast<T>(image[static_cast<size_t>(i)]);
    }
  });
}

}  // namespace

Status infer_col2im(InferContext& context) {
  const auto& attrs = context.attrs<Col2ImAttrs>();
  const SymDims* input = context.dims(0);
  const auto image = context.dim_values(1);
  const auto block = context.ints(2);
  if (input && input->size() != 3) {
    return invalid_model(format("input of shape {}", to_string(*input))).expecting("[batch, channels × block, blocks]");
  }
  if (!image || !input) return context.set(0, context.dtype(0)), ok();
  SymDims out(*image);
  Dim channels;
  if (block) {
    const auto taps = checked_product(*block);
    if (!taps || *taps == 0) {
      return invalid_model(format("block_shape is {}", to_string(*block))).expecting("positive sizes");
    }
    channels = Dim::floor_div((*input)[1], *taps);
    if (all_numbers(out)) {
      THANE_ASSIGN(const auto axes, blocks_of(attrs, to_numbers(out), *block));
      THANE_TRY(check_columns(axes, *input));
    }
  }
  out.insert(out.begin(), {(*input)[0], channels});
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_col2im(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  Dims block;
  for (int64_t i = 0; i < context.input(2).size(); ++i) block.push_back(context.input(2).as_int64(i));
  const Dims image(output.dims().begin() + 2, output.dims().end());
  THANE_ASSIGN(const auto axes, blocks_of(context.attrs<Col2ImAttrs>(), image, block));
  THANE_ASSIGN(const int64_t taps, product_of(axes, &WindowAxis::kernel));
  THANE_ASSIGN(const int64_t blocks, product_of(axes, &WindowAxis::out));
  const auto body = [&]<class T>() { add_channels<T>(axes, taps, blocks, input, output, context.threads()); };
  // Two's complement addition is the same for signed and unsigned, and defined for the latter.
  switch (input.dtype()) {
    case DType::kFloat32: body.operator()<float>(); break;
    case DType::kFloat64: body.operator()<double>(); break;
    case DType::kFloat16: body.operator()<Half>(); break;
    case DType::kBFloat16: body.operator()<BFloat16>(); break;
    case DType::kComplex64: body.operator()<std::complex<float>>(); break;
    case DType::kComplex128: body.operator()<std::complex<double>>(); break;
    default:
      switch (dtype_size(input.dtype())) {
        case 1: body.operator()<uint8_t>(); break;
        case 2: body.operator()<uint16_t>(); break;
        case 4: body.operator()<uint32_t>(); break;
        default: body.operator()<uint64_t>(); break;
      }
  }
  return ok();
}

}  // namespace thane
