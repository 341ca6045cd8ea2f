// The C++ API from outside. Runs in examples/digits.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <thread>

#include <thane/thane.hpp>

namespace {

constexpr char kModel[] = "digits.onnx";

thane::Model digits() { return thane::Model::load(kModel).value(); }

// Largest distance of two float32 tensors of the same shape; NaN when they are none.
double distance(const thane::Tensor& a, const thane::Tensor& b) {
  const auto x = a.values<float>(), y = b.values<float>();
  if (!x || !y || a.shape() != b.shape()) return std::nan("");
  double most = 0;
  for (size_t i = 0; i < x->size(); ++i) most = std::max<double>(most, std::abs((*x)[i] - (*y)[i]));
  return most;
}

TEST(PublicApi, BindsCheckpoints) {
  thane::LoadOptions options;
  options.weights = "digits.ckpt";
  EXPECT_TRUE(thane::Model::load("digits.pt", options));
  EXPECT_FALSE(thane::Model::load(kModel, options));  // its exporter folded the batch norms into the convolutions
  options.weights_prefix = "ema";                     // nothing is named so
  EXPECT_FALSE(thane::Model::load("digits.pt", options));
  options = {};
  options.weights = kModel;  // a graph, no checkpoint
  EXPECT_FALSE(thane::Model::load(kModel, options));
}

TEST(PublicApi, TellsWhatAModelIs) {
  const thane::Model model = digits();
  const thane::ModelInfo& info = model.info();
  EXPECT_EQ(info.format, "onnx");
  ASSERT_EQ(info.inputs.size(), 1u);
  const thane::ValueInfo& image = info.inputs[0];
  EXPECT_EQ(image.name, "image");
  EXPECT_EQ(image.kind, thane::Value::Kind::kTensor);
  EXPECT_EQ(image.dtype, thane::DType::kFloat32);
  ASSERT_TRUE(image.has_rank);
  ASSERT_EQ(image.shape.size(), 4u);
  EXPECT_EQ(image.shape[0].size, -1);
  EXPECT_EQ(image.shape[0].symbol, "batch");
  EXPECT_EQ(image.shape[3].size, 8);
  ASSERT_EQ(info.outputs.size(), 1u);
  EXPECT_EQ(info.outputs[0].name, "logits");
}

TEST(PublicApi, GivesPyTorchsNumbers) {
  const auto expected = thane::read_npy("expected.npy").value();
  const auto input = thane::read_npy("digits.npy").value();
  for (bool optimise : {true, false}) {
    const auto session = thane::Session::create(digits(), {.threads = 2, .optimise = optimise}).value();
    const auto by_order = session.run({input});
    ASSERT_TRUE(by_order.ok()) << by_order.error().to_string();
    EXPECT_LT(distance(by_order->at(0).tensor(), expected), 1e-4);
    const auto by_name = session.run({{"image", input}});
    ASSERT_TRUE(by_name.ok()) << by_name.error().to_string();
    EXPECT_EQ(distance(by_name->at("logits").tensor(), by_order->at(0).tensor()), 0);
  }
}

TEST(PublicApi, RunsOnManyThreadsAtOnce) {
  const auto session = thane::Session::create(digits(), {.threads = 1}).value();
  const auto input = thane::read_npy("digits.npy").value();
  const auto expected = thane::read_npy("expected.npy").value();
  std::vector<std::thread> threads;
  std::vector<double> distances(4, 1e9);
  for (double& result : distances) {
    threads.emplace_back([&] {
      const auto outputs = session.run({input});
      if (outputs) result = distance(outputs->at(0).tensor(), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (double result : distances) EXPECT_LT(result, 1e-4);
}

TEST(PublicApi, ReturnsErrorsByValue) {
  const auto missing = thane::Model::load("no-such-file.onnx");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, thane::ErrorCode::kIo);
  EXPECT_NE(missing.error().to_string().find("no-such-file.onnx"), std::string::npos);
  const auto broken = thane::Model::load("labels.txt");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, thane::ErrorCode::kInvalidModel);

  const auto no_entry = thane::Model::load(kModel, {.entry_point = "serving_default"});
  ASSERT_FALSE(no_entry.ok());
  EXPECT_EQ(no_entry.error().code, thane::ErrorCode::kInvalidArgument);

  const auto session = thane::Session::create(digits()).value();
  const auto wrong_shape = session.run({thane::Tensor::zeros(thane::DType::kFloat32, {1, 8, 8, 1}).value()});
  ASSERT_FALSE(wrong_shape.ok());
  EXPECT_EQ(wrong_shape.error().code, thane::ErrorCode::kInvalidArgument);
  EXPECT_EQ(wrong_shape.error().expected, "float32[batch, 1, 8, 8]");
  const auto wrong_type = session.run({thane::Tensor::zeros(thane::DType::kFloat64, {1, 1, 8, 8}).value()});
  EXPECT_FALSE(wrong_type.ok());
  const auto wrong_name =
      session.run({{"picture", thane::Tensor::zeros(thane::DType::kFloat32, {1, 1, 8, 8}).value()}});
  ASSERT_FALSE(wrong_name.ok());
  const auto none = session.run(std::vector<thane::Value>{});
  EXPECT_FALSE(none.ok());
  EXPECT_FALSE(thane::Session::create(digits(), {.isa = "z80"}).ok());
  EXPECT_FALSE(thane::Session::create(digits(), {.threads = -1}).ok());
}

TEST(PublicApi, ChecksTensors) {
  const std::vector<float> four = {1, 2, 3, 4};
  EXPECT_TRUE(thane::Tensor::of<float>({2, 2}, four).ok());
  EXPECT_FALSE(thane::Tensor::of<float>({2, 3}, four).ok());
  EXPECT_FALSE(thane::Tensor::of<float>({-1, 4}, four).ok());
  EXPECT_FALSE(thane::Tensor::zeros(thane::DType::kFloat32, {int64_t{1} << 40, int64_t{1} << 40}).ok());
  EXPECT_FALSE(thane::Tensor::zeros(static_cast<thane::DType>(99), {1}).ok());
  EXPECT_FALSE(thane::Tensor::strings({3}, {"a", "b"}).ok());
  EXPECT_FALSE(thane::Tensor::borrow(thane::DType::kFloat32, {4}, nullptr, 16).ok());
  const auto tensor = thane::Tensor::of<float>({4}, four).value();
  EXPECT_FALSE(tensor.values<double>().ok());
  EXPECT_EQ(tensor.values<float>()->back(), 4);
  EXPECT_FALSE(thane::Value::map(tensor, tensor).ok());
}

TEST(PublicApi, BorrowsAndSharesMemory) {
  const std::vector<float> pixels(64, 0.5f);
  auto borrowed = thane::Tensor::borrow(thane::DType::kFloat32, {1, 1, 8, 8}, pixels.data(), 256).value();
  EXPECT_EQ(borrowed.data(), pixels.data());
  EXPECT_EQ(borrowed.mutable_data(), nullptr);
  auto own = thane::Tensor::of<float>({1, 1, 8, 8}, pixels).value();
  const thane::Tensor handle = own;
  static_cast<float*>(own.mutable_data())[0] = 7;
  EXPECT_EQ(handle.values<float>()->front(), 7);
  auto owner = std::make_shared<std::vector<float>>(pixels);
  const std::weak_ptr<std::vector<float>> watch = owner;
  {
    const auto kept = thane::Tensor::borrow(thane::DType::kFloat32, {64}, owner->data(), 256, owner).value();
    owner.reset();
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(PublicApi, WritesAndReadsNpy) {
  const std::string path = testing::TempDir() + "thane_public_api.npy";
  const auto tensor = thane::Tensor::of<int64_t>({2, 1}, std::vector<int64_t>{-1, 5}).value();
  ASSERT_TRUE(thane::write_npy(path, tensor).ok());
  const auto back = thane::read_npy(path);
  std::remove(path.c_str());
  ASSERT_TRUE(back.ok()) << back.error().to_string();
  EXPECT_EQ(back->shape(), (thane::Shape{2, 1}));
  EXPECT_EQ((*back->values<int64_t>())[1], 5);
}

TEST(PublicApi, StatesItsVersion) { EXPECT_STREQ(thane::version(), THANE_VERSION); }

TEST(PublicApiDeathTest, EndsWhenTheValueOfAnErrorIsUsed) {
  EXPECT_DEATH((void)thane::Model::load("no-such-file.onnx").value(), "no-such-file.onnx");
}

}  // namespace
