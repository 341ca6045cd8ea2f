// BatchNormalization, InstanceNormalization, GroupNormalization.
#include "ops/norm/channel_norm.h"

#include <cmath>

#include "base/format.h"
#include "ops/norm/norm.h"
#include "ops/norm/statistics.h"
#include "ops/widen.h"

namespace thane {
namespace {

std::vector<double> doubles_of(const Tensor& tensor) {
  std::vector<double> out(static_cast<size_t>(tensor.size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = tensor.as_double(static_cast<int64_t>(i));
  return out;
}

void write_doubles(const std::vector<double>& values, Tensor& tensor) {
  dispatch_floats(tensor.dtype(), [&]<class T>() {
    for (size_t i = 0; i < values.size(); ++i) tensor.data<T>()[i] = T(values[i]);
  });
}

// Mean and variance of each channel over the batch.
template <class T>
void batch_moments(const ChannelView& view, const T* x, std::vector<double>& mean, std::vector<double>& variance,
                   ThreadPool& threads) {
  const int64_t grain = grain_for(view.batch * view.spatial);
  threads.parallel_for(view.channels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const Moments moments =
          view.last() ? moments_of(x + c, view.batch * view.spatial, view.channels, 1)
                      : moments_of(x + c * view.spatial, view.batch, view.channels * view.spatial, view.spatial);
      mean[static_cast<size_t>(c)] = moments.mean;
      variance[static_cast<size_t>(c)] = moments.variance;
    }
  });
}

// Outputs 1 and 2: running · momentum + current · (1 − momentum).
void update_running(KernelContext& context, size_t output, std::vector<double> running,
                    const std::vector<double>& current) {
  if (!context.wants_output(output)) return;
  const double momentum = context.attrs<BatchNormalizationAttrs>().momentum;
  for (size_t c = 0; c < running.size(); ++c) running[c] = running[c] * momentum + current[c] * (1 - momentum);
  write_doubles(running, context.output(output));
}

// Statistics per sample and group; parameters per channel, or per group.
Status eval_groups(KernelContext& context, const ChannelView& view, int64_t groups, double epsilon) {
  ThreadPool& threads = context.threads();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), threads));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  const std::vector<double> scale = doubles_of(context.input(1)), bias = doubles_of(context.input(2));
  const int64_t per_group = view.channels / std::max<int64_t>(groups, 1);
  const auto parameter = [&](const std::vector<double>& values, int64_t channel) {
    const bool per_channel = static_cast<int64_t>(values.size()) == view.channels;
    return values[static_cast<size_t>(per_channel ? channel : channel / per_group)];
  };
  const int64_t channel_stride = view.last() ? 1 : view.spatial;
  const auto n = static_cast<size_t>(per_group);
  if (x.size() == 0) return ok();
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    threads.parallel_for(view.batch * groups, grain_for(per_group * view.spatial), [&](int64_t begin, int64_t end) {
      std::vector<double> mean(n), factor(n), shift(n);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % groups * per_group;
        const int64_t offset = i / groups * view.channels * view.spatial + first * channel_stride;
        const T* from = x.data<T>() + offset;
        const Moments moments = view.last() ? moments_of(from, view.spatial, view.channels, per_group)
                                            : moments_of(from, 1, 0, per_group * view.spatial);
        const double inverse = 1 / std::sqrt(moments.variance + epsilon);
        for (int64_t c = 0; c < per_group; ++c) {
          mean[static_cast<size_t>(c)] = moments.mean;
          factor[static_cast<size_t>(c)] = inverse * parameter(scale, first + c);
          shift[static_cast<size_t>(c)] = parameter(bias, first + c);
        }
        ChannelAffine<T>{mean.data(), factor.data(), shift.data()}.apply(view, per_group, from,
                                                                         out.tensor().data<T>() + offset);
      }
    });
  });
  out.finish(threads);
  return ok();
}

Status check_rank(const SymDims& dims, size_t least) {
  if (dims.size() >= least) return ok();
  return invalid_model(format("the input has the shape {}", to_string(dims)))
      .expecting(format("rank {} or more", least));
}

}  // namespace

ChannelView::ChannelView(const Dims& dims, DataLayout where) : batch(1), channels(1), spatial(1), layout(where) {
  if (!dims.empty()) batch = dims[0];
  if (dims.size() < 2) return;
  const size_t axis = last() ? dims.size() - 1 : 1;
  for (size_t i = 1; i < dims.size(); ++i) (i == axis ? channels : spatial) *= dims[i];
}

Dim channels_of(const SymDims& dims, DataLayout layout) {
  if (dims.size() < 2) return Dim(1);
  return layout == DataLayout::kChannelsLast ? dims.back() : dims[1];
}

Status check_vector(const InferContext& context, size_t i, const Dim& length) {
  const SymDims* dims = context.dims(i);
  if (!dims) return ok();
  const bool fits = dims->size() == 1 && (!length.is_number() || !(*dims)[0].is_number() || (*dims)[0] == length);
  if (fits) return ok();
  return invalid_model(format("input '{}' has the shape {}", context.node().op->input_param(i)->name, to_string(*dims)))
      .expecting(format("[{}]", length.to_string()));
}

Status infer_batch_normalization(InferContext& context) {
  const auto& attrs = context.attrs<BatchNormalizationAttrs>();
  const SymDims* dims = context.dims(0);
  Dim channels;
  if (dims) {
    THANE_TRY(check_rank(*dims, 1));
    channels = channels_of(*dims, attrs.layout);
  }
  for (size_t i = 1; i < 5; ++i) {
    THANE_TRY(check_vector(context, i, channels));
    if (context.dims(i) && !channels.is_number()) channels = (*context.dims(i))[0];
  }
  context.set(0, context.dtype(0), dims ? std::optional(*dims) : std::nullopt);
  for (size_t i = 1; i < context.num_outputs(); ++i) {
    if (context.wants_output(i) && !attrs.training_mode) {
      return invalid_model(format("output '{}' without training_mode", context.node().op->output_param(i)->name))
          .expecting("one output, or training_mode = 1");
    }
    context.set(i, context.dtype(3), SymDims{channels});
  }
  return ok();
}

Status eval_batch_normalization(KernelContext& context) {
  const auto& attrs = context.attrs<BatchNormalizationAttrs>();
  ThreadPool& threads = context.threads();
  const ChannelView view(context.input(0).dims(), attrs.layout);
  THANE_ASSIGN(const Tensor x, widened(context.input(0), threads));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  std::vector<double> factor = doubles_of(context.input(1));
  const std::vector<double> bias = doubles_of(context.input(2));
  std::vector<double> mean = doubles_of(context.input(3)), variance = doubles_of(context.input(4));
  if (attrs.training_mode) {
    const std::vector<double> running_mean = mean, running_variance = variance;
    dispatch<float, double>(x.dtype(), [&]<class T>() { batch_moments(view, x.data<T>(), mean, variance, threads); });
    update_running(context, 1, running_mean, mean);
    update_running(context, 2, running_variance, variance);
  }
  for (size_t c = 0; c < factor.size(); ++c) factor[c] /= std::sqrt(variance[c] + attrs.epsilon);
  if (x.size() == 0) return ok();
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    // Channels last, each pixel is a sample of its own.
    const int64_t samples = view.last() ? view.batch * view.spatial : view.batch;
    ChannelView sample = view;
    if (view.last()) sample.spatial = 1;
    const int64_t size = view.channels * sample.spatial;
    threads.parallel_for(samples, grain_for(size), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        ChannelAffine<T>{mean.data(), factor.data(), bias.data()}.apply(sample, view.channels, x.data<T>() + i * size,
                                                                        out.tensor().data<T>() + i * size);
      }
    });
  });
  out.finish(threads);
  return ok();
}

Status infer_instance_normalization(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_TRY(check_rank(*dims, 2));
  const Dim channels = channels_of(*dims, context.attrs<InstanceNormalizationAttrs>().layout);
  THANE_TRY(check_vector(context, 1, channels));
  THANE_TRY(check_vector(context, 2, channels));
  context.set(0, context.dtype(0), *dims);
  return ok();
}

Status eval_instance_normalization(KernelContext& context) {
  const auto& attrs = context.attrs<InstanceNormalizationAttrs>();
  const ChannelView view(context.input(0).dims(), attrs.layout);
  return eval_groups(context, view, view.channels, attrs.epsilon);
}

Status infer_group_normalization(InferContext& context) {
  const auto& attrs = context.attrs<GroupNormalizationAttrs>();
  if (attrs.num_groups <= 0) {
    return invalid_model(format("num_groups is {}", attrs.num_groups)).expecting("1 or more");
  }
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_TRY(check_rank(*dims, 2));
  const Dim channels = channels_of(*dims, attrs.layout);
  if (channels.is_number() && channels.number() % attrs.num_groups != 0) {
    return invalid_model(format("{} channels do not divide into {} groups", channels.number(), attrs.num_groups));
  }
  for (size_t i = 1; i <= 2; ++i) {
    const SymDims* parameter = context.dims(i);
    const bool per_group = parameter && parameter->size() == 1 && (*parameter)[0].is_number(attrs.num_groups);
    if (!per_group) THANE_TRY(check_vector(context, i, channels));
  }
  context.set(0, context.dtype(0), *dims);
  return ok();
}

Status eval_group_normalization(KernelContext& context) {
  const auto& attrs = context.attrs<GroupNormalizationAttrs>();
  const ChannelView view(context.input(0).dims(), attrs.layout);
  return eval_groups(context, view, attrs.num_groups, attrs.epsilon);
}

}  // namespace thane
