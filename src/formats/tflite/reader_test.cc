#include "formats/tflite/reader.h"

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace thane {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::voffset_t;

constexpr voffset_t slot(int i) { return static_cast<voffset_t>(4 + 2 * i); }

// A file with one subgraph: y = ADD(x, x) on float32[2], as far as the members below leave it sound.
struct TinyModel {
  uint32_t version = 3;
  int32_t code = 0;  // ADD
  std::vector<int32_t> inputs = {0, 0}, outputs = {1}, shape = {2};
  uint32_t buffer = 0;
  bool subgraphs = true;

  using Any = Offset<flatbuffers::Table>;

  static Any tensor(FlatBufferBuilder& b, const std::string& name, const std::vector<int32_t>& shape, uint32_t buffer) {
    const auto dims = b.CreateVector(shape);
    const auto text = b.CreateString(name);
    const auto start = b.StartTable();
    b.AddOffset(slot(0), dims);
    b.AddElement<uint32_t>(slot(2), buffer, 0);
    b.AddOffset(slot(3), text);
    return Any(b.EndTable(start));
  }

  std::string bytes() const {
    FlatBufferBuilder b;
    const auto code_start = b.StartTable();
    b.AddElement<int8_t>(slot(0), static_cast<int8_t>(code), 0);
    const std::vector<Any> codes = {Any(b.EndTable(code_start))};
    const std::vector<Any> tensors = {tensor(b, "x", shape, 0), tensor(b, "y", shape, buffer)};
    const auto op_inputs = b.CreateVector(inputs), op_outputs = b.CreateVector(outputs);
    const auto op_start = b.StartTable();
    b.AddOffset(slot(1), op_inputs);
    b.AddOffset(slot(2), op_outputs);
    const std::vector<Any> operators = {Any(b.EndTable(op_start))};
    const auto tensor_list = b.CreateVector(tensors), operator_list = b.CreateVector(operators);
    const auto graph_inputs = b.CreateVector(std::vector<int32_t>{0}),
               graph_outputs = b.CreateVector(std::vector<int32_t>{1});
    const auto graph_start = b.StartTable();
    b.AddOffset(slot(0), tensor_list);
    b.AddOffset(slot(1), graph_inputs);
    b.AddOffset(slot(2), graph_outputs);
    b.AddOffset(slot(3), operator_list);
    const Any graph(b.EndTable(graph_start));
    const auto graphs = b.CreateVector(subgraphs ? std::vector<Any>{graph} : std::vector<Any>{});
    const auto buffer_start = b.StartTable();
    const std::vector<Any> buffers = {Any(b.EndTable(buffer_start))};
    const auto buffer_list = b.CreateVector(buffers), code_list = b.CreateVector(codes);
    const auto start = b.StartTable();
    b.AddElement<uint32_t>(slot(0), version, 0);
    b.AddOffset(slot(1), code_list);
    b.AddOffset(slot(2), graphs);
    b.AddOffset(slot(4), buffer_list);
    b.Finish(Any(b.EndTable(start)), "TFL3");
    return {reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize()};
  }
};

Result<Model> read(const std::string& bytes) {
  const std::string path = ::testing::TempDir() + "/reader_test_" + std::to_string(::getpid()) + ".tflite";
  std::ofstream(path, std::ios::binary) << bytes;
  THANE_ASSIGN(auto file, MappedFile::open(path));
  return read_tflite(std::move(file), {});
}

TEST(TfliteReader, ReadsATinyModel) {
  const auto model = read(TinyModel().bytes());
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  ASSERT_EQ(model->graph.nodes.size(), 1u);
  EXPECT_EQ(model->graph.nodes[0].op->name, "Add");
  EXPECT_EQ(model->graph.values[model->graph.outputs[0]].name, "y");
  EXPECT_EQ(model->graph.values[model->graph.outputs[0]].type.to_string(), "float32[2]");
}

TEST(TfliteReader, RefusesWhatContradictsItself) {
  const auto refused = [](const TinyModel& model, ErrorCode code = ErrorCode::kInvalidModel) {
    const auto result = read(model.bytes());
    return !result.ok() && result.error().code == code;
  };
  EXPECT_TRUE(refused({.version = 2}));
  EXPECT_TRUE(refused({.inputs = {0, 7}}));
  EXPECT_TRUE(refused({.inputs = {0, -1}}));
  EXPECT_TRUE(refused({.inputs = {0, 1}})) << "the result is an operand";
  EXPECT_TRUE(refused({.outputs = {-5}}));
  EXPECT_TRUE(refused({.shape = {-7}}));
  EXPECT_TRUE(refused({.buffer = 3}));
  EXPECT_TRUE(refused({.subgraphs = false}));
  EXPECT_TRUE(refused({.code = 15}, ErrorCode::kUnsupported)) << "LSH_PROJECTION";
}

TEST(TfliteReader, EveryPrefixIsAnError) {
  const std::string whole = TinyModel().bytes();
  for (size_t size = 0; size + 1 < whole.size(); ++size) {
    const auto result = read(whole.substr(0, size));
    ASSERT_FALSE(result.ok() && size < whole.size() / 2) << size;
  }
}

TEST(TfliteReader, ChangedBytesGiveErrorsOrModels) {
  const std::string whole = TinyModel().bytes();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = whole;
      changed[at] = value;
      const auto result = read(changed);
      EXPECT_TRUE(!result.ok() || verify(result->graph).ok()) << at;
    }
  }
}

}  // namespace
}  // namespace thane
