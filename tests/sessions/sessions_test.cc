#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "engine/session.h"
#include "formats/recognise.h"
#include "passes/passes.h"

namespace thane {
namespace {

const std::string kSource = THANE_SOURCE_DIR;

// The committed example always; larger models where the test set-up has brought them.
std::vector<std::string> models() {
  std::vector<std::string> paths = {kSource + "/examples/digits/digits.onnx"};
  for (const char* name : {"basic-pitch/nmp.onnx", "magika/standard_v3_3/model.onnx",
                           "openwakeword/embedding_model.onnx", "g2p-id/tiny-pron.onnx"}) {
    const std::string path = kSource + "/build/models/" + name;
    if (std::filesystem::exists(path)) paths.push_back(path);
  }
  return paths;
}

std::unique_ptr<Session> open(const std::string& path, SessionOptions options) {
  auto model = load_model(path, {});
  if (!model.ok()) throw std::runtime_error(model.error().to_string());
  if (auto status = optimise(model->graph, {}); !status.ok()) throw std::runtime_error(status.error().to_string());
  auto session = Session::create(std::move(model->graph), std::move(options));
  if (!session.ok()) throw std::runtime_error(session.error().to_string());
  return std::move(*session);
}

// Seeded inputs; symbolic dimensions become `size`.
std::vector<Value> inputs_for(const Graph& graph, int64_t size) {
  std::mt19937 random(3);
  std::vector<Value> values;
  for (ValueId id : graph.inputs) {
    const Type& type = graph.values[id].type;
    Dims dims;
    for (const Dim& d : *type.dims) dims.push_back(d.is_number() ? d.number() : size);
    Tensor tensor = Tensor::must_allocate(type.dtype, dims);
    for (int64_t i = 0; i < tensor.size(); ++i) {
      dispatch_numeric(type.dtype, [&]<class T>() {
        tensor.data<T>()[i] = static_cast<T>(static_cast<float>(random() % 100) / 10);
      });
    }
    values.emplace_back(std::move(tensor));
  }
  return values;
}

std::vector<Value> run(const Session& session, const std::vector<Value>& inputs) {
  auto outputs = session.run(inputs);
  if (!outputs.ok()) throw std::runtime_error(outputs.error().to_string());
  return std::move(*outputs);
}

void expect_same_bits(const std::vector<Value>& a, const std::vector<Value>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(identical(a[i].tensor(), b[i].tensor())) << what << ", output " << i;
}

TEST(Sessions, SameBitsForEveryNumberOfThreads) {
  for (const std::string& path : models()) {
    std::vector<Value> first;
    for (int threads : {1, 2, 3, 8}) {
      SessionOptions options;
      options.threads = threads;
      const auto session = open(path, options);
      const auto outputs = run(*session, inputs_for(session->graph(), 4));
      if (first.empty())
        first = outputs;
      else
        expect_same_bits(first, outputs, path + " with " + std::to_string(threads) + " threads");
    }
  }
}

TEST(Sessions, ManyCallersWithDifferentShapesShareOne) {
  SessionOptions options;
  options.threads = 2;
  const auto session = open(models().front(), options);
  std::vector<std::vector<Value>> inputs, expected;
  for (int64_t batch = 1; batch <= 4; ++batch) {
    inputs.push_back(inputs_for(session->graph(), batch));
    expected.push_back(run(*session, inputs.back()));
  }
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (size_t round = 0; round < 50; ++round) {
        const size_t which = (caller + round) % inputs.size();
        expect_same_bits(run(*session, inputs[which]), expected[which], "batch " + std::to_string(which + 1));
      }
    });
  }
  for (auto& caller : callers) caller.join();
}

TEST(Sessions, ResultsOutliveTheSessionAndLaterRuns) {
  auto session = open(models().front(), {});
  const auto inputs = inputs_for(session->graph(), 2);
  const auto kept = run(*session, inputs);
  const auto copy = *kept[0].tensor().copy();
  run(*session, inputs_for(session->graph(), 2));
  run(*session, inputs_for(session->graph(), 3));
  session.reset();
  EXPECT_TRUE(identical(kept[0].tensor(), copy));
}

TEST(Sessions, WrongInputsSayWhatWasExpected) {
  const auto session = open(models().front(), {});
  const auto message = [&](std::vector<Value> inputs) {
    const auto outputs = session->run(inputs);
    return outputs.ok() ? std::string() : outputs.error().to_string();
  };
  EXPECT_NE(message({}).find("expected 1"), std::string::npos);
  EXPECT_NE(message({Value(Tensor::must_allocate(DType::kFloat64, {1, 1, 8, 8}))}).find("expected float32"),
            std::string::npos);
  EXPECT_NE(message({Value(Tensor::must_allocate(DType::kFloat32, {1, 1, 8, 9}))}).find("[batch, 1, 8, 8]"),
            std::string::npos);
  EXPECT_NE(message({Value(Tensor::must_allocate(DType::kFloat32, {8, 8}))}).find("[batch, 1, 8, 8]"),
            std::string::npos);
}

}  // namespace
}  // namespace thane
