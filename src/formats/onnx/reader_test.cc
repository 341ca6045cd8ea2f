#include "formats/onnx/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "formats/onnx/model_writer.h"

namespace thane {
namespace {

using namespace onnx;
namespace fs = std::filesystem;

constexpr int32_t kFloat = 1, kInt4 = 22, kBoolean = 9, kInt64 = 7;

// A folder of its own for each test, gone afterwards.
class OnnxReader : public testing::Test {
 protected:
  OnnxReader() : folder_(fs::path(testing::TempDir()) / ("thane_onnx_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "models");
  }
  ~OnnxReader() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  Result<Model> read(const std::string& bytes) const {
    auto file = MappedFile::open(write("models/model.onnx", bytes));
    if (!file.ok()) return std::move(file).error();
    return read_onnx(std::move(*file), {});
  }
  std::string error_of(const std::string& bytes) const {
    const auto model = read(bytes);
    return model.ok() ? "" : model.error().to_string();
  }

  const Texts kX = {value_info("x", kFloat, {"n", "3"})};
  const Texts kY = {value_info("y", kFloat, {"n", "3"})};
  fs::path folder_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// --- structure -------------------------------------------------------------------------------------------------------

TEST_F(OnnxReader, SortsNodesThatComeBeforeTheirInputs) {
  const auto model = read(onnx::model(graph({{node("Neg", {"a"}, {"y"}), node("Abs", {"x"}, {"a"})}, kX, kY, {}, {}})));
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  EXPECT_EQ(model->graph.nodes[0].op->name, "Abs");
  EXPECT_EQ(to_text(model->graph),
            "input %x: float32[n, 3]\n%a: float32[n, 3] = Abs(%x)\n"
            "%y: float32[n, 3] = Neg(%a)\noutput %y\n");
}

TEST_F(OnnxReader, RefusesWhatIsNoGraph) {
  const auto wrong = [&](const Texts& nodes, const std::string& expected) {
    const std::string text = error_of(onnx::model(graph({nodes, kX, kY, {}, {}})));
    EXPECT_TRUE(has(text, expected)) << text;
  };
  wrong({node("Abs", {"b"}, {"a"}), node("Abs", {"a"}, {"b"}), node("Abs", {"a"}, {"y"})}, "cycle");
  wrong({node("Abs", {"x"}, {"y"}), node("Neg", {"x"}, {"y"})}, "'y' is produced twice");
  wrong({node("Abs", {"z"}, {"y"})}, "'z' is used but nothing produces it");
  wrong({node("Abs", {"x"}, {"x"})}, "cycle");
  const std::string zero = raw_tensor("", kFloat, {}, std::string(4, '\0'));
  wrong({node("Abs", {"x"}, {"y"}), node("Constant", {}, {"x"}, {tensor_attribute("value", zero)})},
        "'x' is defined twice");
  wrong({node("Abs", {"x"}, {"a"})}, "'y' is used but nothing produces it");
  wrong({node("Abs", {"x", "x"}, {"y"})}, "2 inputs");
  wrong({node("Abs", {"x"}, {"y"}, {int_attribute("alpha", 1)})}, "\"alpha\" is not one of this op");
  wrong({node("", {"x"}, {"y"})}, "without an op");
}

TEST_F(OnnxReader, ListsAllUnsupportedOps) {
  const std::string text = error_of(
      onnx::model(graph({{node("Zig", {"x"}, {"a"}, {}, "", "first"), node("Zag", {"a"}, {"b"}, {}, "local", "second"),
                          node("Zig", {"b"}, {"y"}, {}, "", "third")},
                         kX,
                         kY,
                         {},
                         {}})));
  EXPECT_TRUE(has(text, "2 unsupported ops")) << text;
  EXPECT_TRUE(has(text, "Zig × 2: first, third")) << text;
  EXPECT_TRUE(has(text, "local.Zag × 1: second")) << text;
}

TEST_F(OnnxReader, RefusesOpsetsItDoesNotKnow) {
  const std::string plain = graph({{node("Abs", {"x"}, {"y"})}, kX, kY, {}, {}});
  EXPECT_TRUE(has(error_of(onnx::model(plain, {}, 28)), "opset 28"));
  EXPECT_TRUE(has(error_of(onnx::model(plain, {}, 0)), "opset 0"));
  EXPECT_TRUE(has(error_of(onnx::model(plain, {}, -1)), "opset -1"));
}

TEST_F(OnnxReader, OutputsKeepTheirNames) {
  // Two outputs of one value, and an input that is an output.
  const Texts outputs = {value_info("y", kFloat, {}), value_info("y", kFloat, {}), value_info("x", kFloat, {})};
  const auto model = read(onnx::model(graph({{node("Abs", {"x"}, {"y"})}, kX, outputs, {}, {}})));
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  ASSERT_EQ(model->graph.outputs.size(), 3u);
  EXPECT_EQ(model->graph.values[model->graph.outputs[1]].name, "y");
  EXPECT_EQ(model->graph.values[model->graph.outputs[2]].name, "x");
}

// --- bodies and functions --------------------------------------------------------------------------------------------

std::string branch(const std::string& inner) { return graph({{inner}, {}, {value_info("out", kFloat, {})}, {}, {}}); }

TEST_F(OnnxReader, CapturesPassThroughEveryLevel) {
  const auto choose = [](const std::string& then, const std::string& otherwise) {
    return node("If", {"c"}, {"out"},
                {graph_attribute("then_branch", branch(then)), graph_attribute("else_branch", branch(otherwise))});
  };
  const std::string inner = choose(node("Abs", {"x"}, {"out"}), node("Mul", {"x", "w"}, {"out"}));
  const std::string outer = node("If", {"c"}, {"y"},
                                 {graph_attribute("then_branch", branch(inner)),
                                  graph_attribute("else_branch", branch(node("Neg", {"x"}, {"out"})))});
  const Texts inputs = {kX[0], value_info("c", kBoolean, {})};
  const auto model =
      read(onnx::model(graph({{outer}, inputs, kY, {raw_tensor("w", kFloat, {}, std::string(4, '\0'))}, {}})));
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  const Subgraph& then = model->graph.nodes[0].subgraphs[1];
  const Subgraph& other = model->graph.nodes[0].subgraphs[0];
  const Subgraph& first = then.captures.size() > other.captures.size() ? then : other;
  // The condition and x; the weight is a constant of the innermost body.
  EXPECT_EQ(first.captures.size(), 2u);
  EXPECT_EQ(first.graph->inputs.size(), 2u);
  const Node& nested = first.graph->nodes[0];
  ASSERT_EQ(nested.subgraphs.size(), 2u);
  for (const Subgraph& each : nested.subgraphs) EXPECT_EQ(each.captures.size(), 1u);
}

TEST_F(OnnxReader, InlinesFunctionsWithAttributesAndDefaults) {
  // twice(v) = flat(flat(v)); flat is Flatten with an axis that defaults to 1.
  const std::string flat = onnx::function("local", "flat", {"v"}, {"r"},
                                          {node("Flatten", {"v"}, {"r"}, {reference_attribute("axis", "where", 2)})},
                                          {int_attribute("where", 1)});
  const std::string twice = onnx::function(
      "local", "twice", {"v"}, {"r"},
      {node("flat", {"v"}, {"m"}, {int_attribute("where", 0)}, "local"), node("flat", {"m"}, {"r"}, {}, "local")});
  const auto model =
      read(onnx::model(graph({{node("twice", {"x"}, {"y"}, {}, "local", "call")}, kX, kY, {}, {}}), {flat, twice}));
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  EXPECT_EQ(to_text(model->graph),
            "input %x: float32[n, 3]\n%call/m: float32[1, 3*n] = Flatten(%x) axis=0\n"
            "%y: float32[1, 3*n] = Flatten(%call/m)\noutput %y\n");
}

TEST_F(OnnxReader, RefusesRecursionAndExplosion) {
  const std::string self = onnx::function("local", "f", {"v"}, {"r"}, {node("f", {"v"}, {"r"}, {}, "local")});
  EXPECT_TRUE(has(error_of(onnx::model(graph({{node("f", {"x"}, {"y"}, {}, "local")}, kX, kY, {}, {}}), {self})),
                  "calls itself"));
  // f30 calls f29 twice, …: 2^30 nodes.
  Texts functions = {onnx::function("local", "f0", {"v"}, {"r"}, {node("Abs", {"v"}, {"r"})})};
  for (int i = 1; i <= 30; ++i) {
    const std::string callee = "f" + std::to_string(i - 1);
    functions.push_back(
        onnx::function("local", "f" + std::to_string(i), {"v"}, {"r"},
                       {node(callee, {"v"}, {"m"}, {}, "local"), node(callee, {"m"}, {"r"}, {}, "local")}));
  }
  const std::string text =
      error_of(onnx::model(graph({{node("f30", {"x"}, {"y"}, {}, "local")}, kX, kY, {}, {}}), functions));
  EXPECT_TRUE(has(text, "more memory")) << text;
}

TEST_F(OnnxReader, RefusesDeepNesting) {
  std::string body = node("Abs", {"x"}, {"out"});
  for (int i = 0; i < 200; ++i) {
    body = node("If", {"c"}, {"out"},
                {graph_attribute("then_branch", branch(body)),
                 graph_attribute("else_branch", branch(node("Abs", {"x"}, {"out"})))});
  }
  const Texts inputs = {kX[0], value_info("c", kBoolean, {})};
  const std::string text = error_of(onnx::model(graph({{body}, inputs, {value_info("out", kFloat, {})}, {}, {}})));
  EXPECT_TRUE(has(text, "nested too deeply")) << text;
}

// --- tensors ---------------------------------------------------------------------------------------------------------

class OnnxTensors : public OnnxReader {
 protected:
  // The initializer alone, as the model's output.
  Result<Tensor> constant(const std::string& tensor) const {
    auto model = read(onnx::model(graph({{}, {}, {value_info("w", 0, {})}, {tensor}, {}})));
    if (!model.ok()) return std::move(model).error();
    return *model->graph.constant(model->graph.outputs[0]);
  }
  std::string refusal(const std::string& tensor) const {
    const auto result = constant(tensor);
    return result.ok() ? "" : result.error().to_string();
  }
};

TEST_F(OnnxTensors, UnpacksSubByteTypes) {
  // The first element is in the low nibble; -1 is 0xf.
  const auto tensor = constant(raw_tensor("w", kInt4, {3}, "\xf1\x08"));
  ASSERT_TRUE(tensor.ok()) << tensor.error().to_string();
  EXPECT_EQ(tensor->as_int64(0), 1);
  EXPECT_EQ(tensor->as_int64(1), -1);
  EXPECT_EQ(tensor->as_int64(2), -8);
}

TEST_F(OnnxTensors, NormalisesBooleans) {
  const auto tensor = constant(raw_tensor("w", kBoolean, {3}, std::string("\x00\x02\xff", 3)));
  ASSERT_TRUE(tensor.ok()) << tensor.error().to_string();
  EXPECT_EQ(tensor->data<uint8_t>()[0], 0);
  EXPECT_EQ(tensor->data<uint8_t>()[1], 1);
  EXPECT_EQ(tensor->data<uint8_t>()[2], 1);
}

TEST_F(OnnxTensors, RefusesWrongAmounts) {
  EXPECT_TRUE(has(refusal(raw_tensor("w", kFloat, {2}, std::string(7, 'a'))), "holds 7 bytes (expected 8)"));
  EXPECT_TRUE(has(refusal(raw_tensor("w", kFloat, {1000000, 1000000}, "abcd")), "holds 4 bytes"));
  EXPECT_TRUE(has(refusal(raw_tensor("w", kFloat, {INT64_MAX, 2}, "abcd")), "impossible shape"));
  EXPECT_TRUE(has(refusal(raw_tensor("w", kFloat, {-1}, "abcd")), "impossible shape"));
  EXPECT_TRUE(has(refusal(raw_tensor("w", 99, {1}, "abcd")), "99 is no data type"));
  EXPECT_TRUE(has(refusal(raw_tensor("w", kFloat, {1}, "")), "holds 0 bytes"));
}

TEST_F(OnnxTensors, BoundsDenseFormsOfSparseTensors) {
  const std::string values = raw_tensor("w", kFloat, {1}, std::string("\x00\x00\x80\x3f", 4));
  const auto sparse = [&](int64_t index, const std::vector<int64_t>& dims) {
    std::string message;
    protozero::pbf_writer out(message);
    out.add_message(1, values);
    out.add_message(2, raw_tensor("", kInt64, {1}, std::string(reinterpret_cast<const char*>(&index), 8)));
    for (int64_t d : dims) out.add_int64(3, d);
    return onnx::model(graph({{}, {}, {value_info("w", 0, {})}, {}, {message}}));
  };
  const auto model = read(sparse(4, {2, 3}));
  ASSERT_TRUE(model.ok()) << model.error().to_string();
  const Tensor& dense = *model->graph.constant(model->graph.outputs[0]);
  EXPECT_EQ(dense.dims(), (Dims{2, 3}));
  EXPECT_EQ(dense.data<float>()[4], 1.0f);
  EXPECT_EQ(dense.data<float>()[3], 0.0f);
  EXPECT_TRUE(has(error_of(sparse(6, {2, 3})), "sparse index 6 of 6"));
  EXPECT_TRUE(has(error_of(sparse(0, {1 << 20, 1 << 20})), "more memory"));
  EXPECT_TRUE(has(error_of(sparse(0, {INT64_MAX, INT64_MAX})), "impossible shape"));
}

// --- external data ---------------------------------------------------------------------------------------------------

TEST_F(OnnxTensors, ReadsExternalDataInItsFolder) {
  write("models/w.bin", std::string("skip\x00\x00\x80\x3f", 8));
  const auto tensor = constant(external_tensor("w", kFloat, {1}, "w.bin", "4", "4"));
  ASSERT_TRUE(tensor.ok()) << tensor.error().to_string();
  const auto aligned = tensor->copy();
  ASSERT_TRUE(aligned.ok());
  EXPECT_EQ(aligned->data<float>()[0], 1.0f);
  EXPECT_TRUE(has(refusal(external_tensor("w", kFloat, {1}, "w.bin", "5", "")), "beyond the end"));
  EXPECT_TRUE(has(refusal(external_tensor("w", kFloat, {1}, "w.bin", "9223372036854775807", "")), "beyond the end"));
  EXPECT_TRUE(has(refusal(external_tensor("w", kFloat, {1}, "w.bin", "-4", "")), "offset '-4'"));
  EXPECT_TRUE(has(refusal(external_tensor("w", kFloat, {1}, "w.bin", "0", "3")), "holds 3 bytes"));
}

TEST_F(OnnxTensors, ConfinesExternalDataToTheFolder) {
  write("secret.bin", "1234");
  fs::create_symlink(folder_ / "secret.bin", folder_ / "models/link.bin");
  fs::create_symlink(folder_, folder_ / "models/up");
  fs::create_hard_link(folder_ / "secret.bin", folder_ / "models/hard.bin");
  ASSERT_EQ(::mkfifo((folder_ / "models/pipe").c_str(), 0600), 0);
  const auto refuses = [&](const std::string& location, const std::string& expected) {
    const std::string text = refusal(external_tensor("w", kFloat, {1}, location, "", ""));
    EXPECT_TRUE(has(text, expected)) << location << ": " << text;
  };
  refuses("../secret.bin", "leaves the folder");
  refuses((folder_ / "secret.bin").string(), "leaves the folder");
  refuses("a/../../secret.bin", "leaves the folder");
  refuses("", "leaves the folder");
  refuses("link.bin", "link that leaves");
  refuses("up/secret.bin", "link that leaves");
  refuses("hard.bin", "hard link");
  refuses("pipe", "not a regular file");
  refuses(".", "leaves the folder");
  refuses("absent.bin", "No such file");
}

}  // namespace
}  // namespace thane
