#include "kernels/depthwise/depthwise.h"

#include <vector>

#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(Depthwise, MatchesFp64OnEveryKernelAndTail) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(6);
    for (int round = 0; round < 150; ++round) {
      DepthwiseRun run;
      run.channels = 1 + int64_t(random() % 40);
      run.kernel = round % 2 ? 3 + 2 * int64_t(random() % 3) : 1 + int64_t(random() % 8);
      run.rows = 1 + int64_t(random() % 4);
      run.stride = 1 + int64_t(random() % 3);
      run.dilation = random() % 4 ? 1 : 2;
      run.pixels = 1 + int64_t(random() % 15);
      run.out_lines = 1 + int64_t(random() % 4);
      const int64_t length = (run.pixels - 1) * run.stride + (run.kernel - 1) * run.dilation + 1;
      const int64_t size = run.channels, taps = run.rows * run.kernel, in_lines = run.rows + run.out_lines - 1;
      GuardedFloats x(in_lines * length * size), weights(taps * size), bias(size), y(run.out_lines * run.pixels * size),
          residual(y.size());
      for (GuardedFloats* v : {&x, &weights, &bias, &residual}) v->fill(random);
      std::vector<const float*> columns;
      for (int64_t i = 0; i < in_lines * length; ++i) columns.push_back(x.data() + i * size);
      std::vector<const float* const*> lines;
      for (int64_t i = 0; i < in_lines; ++i) lines.push_back(columns.data() + i * length);
      run.lines = lines.data();
      run.weights = weights.data();
      run.bias = random() % 2 ? bias.data() : nullptr;
      run.residual = random() % 2 ? residual.data() : nullptr;
      run.y = y.data();
      if (random() % 2) run.low = 0, run.high = 2;
      depthwise_kernel(isa).run(run);
      for (int64_t p = 0; p < run.out_lines * run.pixels; ++p) {
        const int64_t line = p / run.pixels, first = p % run.pixels * run.stride;
        for (int64_t c = 0; c < size; ++c) {
          double want = run.bias ? bias[c] : 0;
          for (int64_t t = 0; t < taps; ++t) {
            const int64_t at = (line + t / run.kernel) * length + first + t % run.kernel * run.dilation;
            want += double(x[at * size + c]) * weights[t * size + c];
          }
          if (run.residual) want += residual[p * size + c];
          want = std::fmin(std::fmax(want, run.low), run.high);
          ASSERT_NEAR(y[p * size + c], want, 1e-5 * double(taps + 1)) << run.kernel << " " << run.stride;
        }
      }
    }
  });
}

}  // namespace
}  // namespace thane
