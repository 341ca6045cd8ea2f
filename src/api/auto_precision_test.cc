#include "api/auto_precision.h"

#include <gtest/gtest.h>

#include <random>

#include "ops/table.h"

namespace thane {
namespace {

constexpr int64_t kSize = 200;

// total' = total + x · w, delivered too; w a constant that bfloat16 rounds.
Model product() {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  Model model;
  Graph& graph = model.graph;
  const SymDims row{Dim(1), Dim(kSize)};
  const ValueId x = graph.add_value("x", Type::tensor(DType::kFloat32, row));
  Tensor weights = Tensor::must_allocate(DType::kFloat32, {kSize, kSize});
  for (int64_t i = 0; i < weights.size(); ++i) weights.data<float>()[i] = normal(random);
  const ValueId w = graph.add_constant("w", std::move(weights));
  const ValueId y = graph.add_value("y", Type::tensor(DType::kFloat32, row));
  const ValueId total = graph.add_value("total", Type::tensor(DType::kFloat32, row));
  const ValueId sum = graph.add_value("sum", Type::tensor(DType::kFloat32, row));
  graph.nodes.push_back({find_op(Domain::kOnnx, "MatMul"), "", {x, w}, {y}, nullptr, {}});
  graph.nodes.push_back({find_op(Domain::kOnnx, "Add"), "", {y, total}, {sum}, nullptr, {}});
  Tensor zeros = Tensor::must_allocate(DType::kFloat32, {1, kSize});
  std::fill_n(zeros.data<float>(), kSize, 0.0f);
  graph.states.push_back({"total", total, sum, zeros});
  graph.inputs = {x};
  graph.outputs = {sum};
  return model;
}

std::vector<float> two_runs(const Session& session) {
  Tensor x = Tensor::must_allocate(DType::kFloat32, {1, kSize});
  for (int64_t i = 0; i < kSize; ++i) x.data<float>()[i] = static_cast<float>(i % 7) - 3;
  const std::vector<Value> inputs{Value(x)};
  EXPECT_TRUE(session.run(inputs).ok());
  const auto outputs = session.run(inputs);
  EXPECT_TRUE(outputs.ok());
  const Tensor& sums = outputs->at(0).tensor();
  return {sums.data<float>(), sums.data<float>() + sums.size()};
}

std::vector<float> at(Precision precision, double max_error, std::string& remark) {
  PipelineOptions options;
  options.session.threads = 1;
  options.session.precision = precision;
  options.session.max_error = max_error;
  const auto session = make_session(product(), options);
  EXPECT_TRUE(session.ok());
  std::vector<float> sums = two_runs(**session);
  remark = (*session)->remark();
  return sums;
}

// The trial leaves nothing behind: states are those of the caller's runs alone, and so are the bits.
TEST(AutoPrecision, RunsAsOneOfTheTwoWould) {
  std::string none, remark;
  const std::vector<float> fp32 = at(Precision::kFp32, 0, none), bf16 = at(Precision::kBf16, 0, none);
  EXPECT_EQ(none, "");
  EXPECT_NE(fp32, bf16);
  const std::vector<float> chosen = at(Precision::kAuto, 1, remark);
  EXPECT_EQ(chosen, remark.starts_with("precision bf16") ? bf16 : fp32) << remark;
  EXPECT_NE(remark.find("of fp32's time"), std::string::npos) << remark;
}

TEST(AutoPrecision, KeepsFp32WhereBf16StraysTooFar) {
  std::string none, remark;
  const std::vector<float> fp32 = at(Precision::kFp32, 0, none), chosen = at(Precision::kAuto, 1e-6, remark);
  EXPECT_EQ(chosen, fp32);
  EXPECT_TRUE(remark.starts_with("precision fp32")) << remark;
}

TEST(AutoPrecision, StraysByWhatBf16Rounds) {
  std::string none;
  const std::vector<float> fp32 = at(Precision::kFp32, 0, none), bf16 = at(Precision::kBf16, 0, none);
  double error = 0, largest = 0;
  for (size_t i = 0; i < fp32.size(); ++i) {
    error = std::max(error, std::abs(double(fp32[i]) - bf16[i]));
    largest = std::max(largest, std::abs(double(fp32[i])));
  }
  EXPECT_LT(error / largest, 0.01);
  EXPECT_GT(error / largest, 1e-5);
}

}  // namespace
}  // namespace thane
