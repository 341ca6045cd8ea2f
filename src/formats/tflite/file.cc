#include "formats/tflite/file.h"

#include <algorithm>

#include "base/checked.h"
#include "base/format.h"

namespace thane::tflite {
namespace {

constexpr int kSchemaVersion = 3;
constexpr size_t kMostRank = 64;

// Indices of tensors, those of optional operands may be -1.
Status check_tensors(const std::vector<int32_t>& indices, size_t count, bool optional, std::string_view what) {
  for (int32_t i : indices) {
    if ((i >= 0 && static_cast<size_t>(i) < count) || (i == -1 && optional)) continue;
    return invalid_model(format("{} name tensor {}", what, i)).expecting(format("one of {} tensors", count));
  }
  return ok();
}

class Decoder {
 public:
  Decoder(Source& source, Table model) : source_(source), model_(model) {}

  Result<FileModel> run() {
    if (const auto version = model_.number<uint32_t>(0); version != kSchemaVersion) {
      return invalid_model(format("schema version {}", version)).expecting("version 3");
    }
    FileModel file;
    file.description = model_.text(3);
    THANE_TRY(read_buffers());
    for (const Table& code : model_.tables(1)) read_code(code);
    for (const Table& subgraph : model_.tables(2)) {
      const std::string where = format("subgraph {}", file.subgraphs.size());
      auto read = read_subgraph(subgraph);
      if (!read.ok()) return std::move(read).error().at(where);
      file.subgraphs.push_back(std::move(*read));
    }
    if (file.subgraphs.empty()) return invalid_model("there is no subgraph in the file").expecting("at least one");
    for (const Table& entry : model_.tables(6)) {
      const auto buffer = entry.number<uint32_t>(1);
      if (buffer >= buffers_.size())
        return invalid_model(format("metadata '{}' name buffer {}", entry.text(0), buffer));
      file.metadata.emplace_back(entry.text(0), buffers_[buffer]);
    }
    for (const Table& signature : model_.tables(7)) THANE_TRY(read_signature(signature, file));
    file.is_micro = is_micro_;
    return file;
  }

 private:
  // Large buffers lie behind the flatbuffer, at an offset from the start of the file.
  Result<std::string_view> outside(uint64_t offset, uint64_t size, std::string_view what) const {
    const std::string_view file = source_.bytes();
    if (offset > file.size() || size > file.size() - offset) {
      return invalid_model(format("{} of {} bytes at offset {}", what, size, offset))
          .expecting(format("a place within the {} bytes of the file", file.size()));
    }
    return file.substr(offset, size);
  }

  Status read_buffers() {
    for (const Table& buffer : model_.tables(4)) {
      std::string_view bytes = buffer.bytes(0);
      if (const auto offset = buffer.number<uint64_t>(1); offset > 1) {
        THANE_ASSIGN(bytes, outside(offset, buffer.number<uint64_t>(2), format("buffer {}", buffers_.size())));
      }
      buffers_.push_back(bytes);
    }
    for (const Table& group : model_.tables(8)) groups_.emplace_back(group.text(0));
    for (const Table& external : model_.tables(9)) {
      externals_.push_back({external.number<uint32_t>(0), external.number<uint32_t>(1), external.number<uint64_t>(2),
                            external.number<uint64_t>(3)});
    }
    return ok();
  }

  // Codes above 126 do not fit the field that old files have.
  void read_code(const Table& code) {
    const int32_t old_code = code.number<int8_t>(0);
    codes_.push_back({std::max(old_code, code.number<int32_t>(3)), std::string(code.text(1))});
  }

  Result<std::string_view> external(uint32_t id) {
    const auto found =
        std::find_if(externals_.begin(), externals_.end(), [&](const External& buffer) { return buffer.id == id; });
    if (found == externals_.end() || found->group >= groups_.size()) {
      return invalid_model(format("external buffer {} is not described", id));
    }
    THANE_ASSIGN(const std::string_view file, source_.companion(groups_[found->group]));
    if (found->offset > file.size() || found->size > file.size() - found->offset) {
      return invalid_model(format("external buffer {} leads out of '{}'", id, groups_[found->group]));
    }
    return file.substr(found->offset, found->size);
  }

  Result<TensorInfo> read_tensor(const Table& table) {
    TensorInfo info;
    info.name = table.text(3);
    info.type = static_cast<TensorType>(table.number<int8_t>(1));
    info.dtype = dtype_of(info.type);
    if (info.dtype == DType::kUndefined && info.type != TensorType::kResource && info.type != TensorType::kVariant) {
      return unsupported(format("element type {}", static_cast<int>(info.type)));
    }
    for (int32_t size : table.numbers<int32_t>(0)) info.shape.push_back(size);
    for (int32_t size : table.numbers<int32_t>(7)) info.signature.push_back(size);
    if (info.shape.size() > kMostRank) return invalid_model(format("rank {}", info.shape.size()));
    for (int64_t size : info.shape) {
      if (size < -1) return invalid_model(format("a dimension of {}", size));
    }
    info.known_rank = !info.shape.empty() || table.flag(8);
    info.is_variable = table.flag(5);
    info.sparsity = table.table(6);
    const auto buffer = table.number<uint32_t>(2);
    if (buffer >= buffers_.size()) return invalid_model(format("buffer {} of {}", buffer, buffers_.size()));
    if (const auto id = table.number<uint32_t>(10)) {
      THANE_ASSIGN(info.data, external(id));
    } else if (!buffers_[buffer].empty()) {
      info.data = buffers_[buffer];
    }
    THANE_TRY(read_quantization(table.table(4), info));
    return info;
  }

  Status read_quantization(const Table& table, TensorInfo& info) {
    Quantization& q = info.quantization;
    if (table.number<uint8_t>(4) == 2) {
      const Table blocks = table.table(5);
      q.scales_tensor = blocks.number<int32_t>(0, -1);
      q.zero_points_tensor = blocks.number<int32_t>(1, -1);
      q.block_size = blocks.number<int32_t>(2);
      return ok();
    }
    q.scales = table.numbers<float>(2);
    q.zero_points = table.numbers<int64_t>(3);
    q.axis = table.number<int32_t>(6);
    if (q.zero_points.size() == 1 || q.zero_points.empty()) {
      q.zero_points.assign(q.scales.size(), q.zero_points.empty() ? 0 : q.zero_points[0]);
    }
    if (q.scales.size() != q.zero_points.size()) {
      return invalid_model(format("{} zero points for {} scales", q.zero_points.size(), q.scales.size()));
    }
    // Differences from narrow integers must stay small; other dtypes carry what converters left there.
    const int64_t limit = dtype_bits(info.dtype) <= 16 ? 1 << 16 : INT32_MAX;
    for (int64_t zero : q.zero_points) {
      if (zero < -limit || zero > limit) return invalid_model(format("zero point {}", zero));
    }
    if (!q.per_axis()) return ok();
    // Old converters left the axis of the weights in their bias.
    if (info.shape.size() == 1 && info.shape[0] == static_cast<int64_t>(q.scales.size())) {
      is_micro_ |= q.axis != 0;
      q.axis = 0;
    }
    const bool fits = q.axis >= 0 && static_cast<size_t>(q.axis) < info.shape.size() &&
                      info.shape[static_cast<size_t>(q.axis)] == static_cast<int64_t>(q.scales.size());
    if (fits) return ok();
    return invalid_model(format("{} scales along axis {} of {}", q.scales.size(), q.axis, to_string(info.shape)))
        .expecting("as many as the axis is long");
  }

  Result<OperatorInfo> read_operator(const Table& table, size_t tensors) {
    OperatorInfo op;
    const auto code = table.number<uint32_t>(0);
    if (code >= codes_.size()) return invalid_model(format("operator code {} of {}", code, codes_.size()));
    op.code = codes_[code].code;
    op.custom = codes_[code].custom;
    op.inputs = table.numbers<int32_t>(1);
    op.outputs = table.numbers<int32_t>(2);
    op.intermediates = table.numbers<int32_t>(8);
    THANE_TRY(check_tensors(op.inputs, tensors, true, "inputs"));
    THANE_TRY(check_tensors(op.outputs, tensors, true, "outputs"));
    THANE_TRY(check_tensors(op.intermediates, tensors, true, "intermediates"));
    op.options = {table.number<uint8_t>(3), table.table(4)};
    op.options2 = {table.number<uint8_t>(11), table.table(12)};
    op.custom_options = table.bytes(5);
    if (const auto offset = table.number<uint64_t>(9); offset > 1) {
      THANE_ASSIGN(op.custom_options, outside(offset, table.number<uint64_t>(10), "custom options"));
    }
    return op;
  }

  Result<SubgraphInfo> read_subgraph(const Table& table) {
    SubgraphInfo graph;
    graph.name = table.text(4);
    for (const Table& tensor : table.tables(0)) {
      auto read = read_tensor(tensor);
      if (!read.ok()) {
        return std::move(read).error().at(format("tensor {} '{}'", graph.tensors.size(), tensor.text(3)));
      }
      graph.tensors.push_back(std::move(*read));
    }
    graph.inputs = table.numbers<int32_t>(1);
    graph.outputs = table.numbers<int32_t>(2);
    THANE_TRY(check_tensors(graph.inputs, graph.tensors.size(), false, "inputs"));
    THANE_TRY(check_tensors(graph.outputs, graph.tensors.size(), false, "outputs"));
    for (const Table& op : table.tables(3)) {
      auto read = read_operator(op, graph.tensors.size());
      if (!read.ok()) return std::move(read).error().at(format("operator {}", graph.operators.size()));
      graph.operators.push_back(std::move(*read));
    }
    return graph;
  }

  static Status read_signature(const Table& table, FileModel& file) {
    SignatureInfo signature;
    signature.key = table.text(2);
    signature.subgraph = table.number<uint32_t>(4);
    if (signature.subgraph >= file.subgraphs.size()) {
      return invalid_model(format("signature '{}' names subgraph {}", signature.key, signature.subgraph))
          .expecting(format("one of {}", file.subgraphs.size()));
    }
    const size_t tensors = file.subgraphs[signature.subgraph].tensors.size();
    for (const int slot : {0, 1}) {
      auto& list = slot == 0 ? signature.inputs : signature.outputs;
      for (const Table& pair : table.tables(slot)) {
        const auto tensor = static_cast<int32_t>(pair.number<uint32_t>(1));
        THANE_TRY(check_tensors({tensor}, tensors, false, format("signature '{}'", signature.key)));
        list.emplace_back(pair.text(0), tensor);
      }
    }
    file.signatures.push_back(std::move(signature));
    return ok();
  }

  struct Code {
    int32_t code;
    std::string custom;
  };
  struct External {
    uint32_t id, group;
    uint64_t offset, size;
  };

  Source& source_;
  Table model_;
  std::vector<std::string_view> buffers_;
  std::vector<Code> codes_;
  std::vector<std::string> groups_;
  std::vector<External> externals_;
  bool is_micro_ = false;
};

}  // namespace

DType dtype_of(TensorType type) {
  static constexpr DType kTypes[] = {DType::kFloat32,   DType::kFloat16,      DType::kInt32,     DType::kUInt8,
                                     DType::kInt64,     DType::kString,       DType::kBool,      DType::kInt16,
                                     DType::kComplex64, DType::kInt8,         DType::kFloat64,   DType::kComplex128,
                                     DType::kUInt64,    DType::kUndefined,    DType::kUndefined, DType::kUInt32,
                                     DType::kUInt16,    DType::kInt4,         DType::kBFloat16,  DType::kInt2,
                                     DType::kUInt4,     DType::kFloat8E4M3FN, DType::kFloat8E5M2};
  const auto code = static_cast<size_t>(type);
  return code < std::size(kTypes) ? kTypes[code] : DType::kUndefined;
}

std::optional<DType> dtype_of_code(int64_t code) {
  if (code < 0 || code > 22) return std::nullopt;
  const DType dtype = dtype_of(static_cast<TensorType>(code));
  return dtype == DType::kUndefined ? std::nullopt : std::optional(dtype);
}

Result<FileModel> read_file(Source& source) {
  THANE_ASSIGN(const Table model, verified_model(source.bytes()));
  return Decoder(source, model).run();
}

}  // namespace thane::tflite
