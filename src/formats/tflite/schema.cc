// The tables of TensorFlow Lite's schema, version 3: kinds of fields by slot, which is all that verifying needs.
#include <algorithm>

#include "base/format.h"
#include "formats/tflite/flatbuffer.h"

namespace thane::tflite {
namespace {

// Kinds: 1 2 4 8 a number of so many bytes; B S I L a vector of numbers of 1, 2, 4, 8 bytes; s a string; t a table; T a
// vector of tables; a union, whose type stands in the slot before: o options, p options of the second list, v sparse
// indices, q details of a quantization, n steps of preparation. ? is never read. `children`: the shapes of t and T, in
// order.
struct Shape {
  std::string_view fields;
  std::span<const Shape* const> children = {};
};

constexpr Shape kOperatorCode{"1s44"};
constexpr Shape kBuffer{"B88"};
constexpr Shape kMetadata{"s4"};
constexpr Shape kQuantization{"IIIL1q4"};
constexpr Shape kDimension{"141v1v"};
constexpr const Shape* kSparsityChildren[] = {&kDimension};
constexpr Shape kSparsity{"IIT", kSparsityChildren};
constexpr Shape kSubType{"I11"};
constexpr const Shape* kTensorChildren[] = {&kQuantization, &kSparsity, &kSubType};
constexpr Shape kTensor{"I14st1tI1T4", kTensorChildren};
constexpr Shape kOperator{"4II1oB1BI881p4"};
constexpr const Shape* kSubgraphChildren[] = {&kTensor, &kOperator};
constexpr Shape kSubgraph{"TIITs4", kSubgraphChildren};
constexpr Shape kTensorMap{"s4"};
constexpr const Shape* kSignatureChildren[] = {&kTensorMap, &kTensorMap};
constexpr Shape kSignature{"TTs?4", kSignatureChildren};
constexpr Shape kExternalGroup{"s"};
constexpr Shape kExternalBuffer{"4488s"};
constexpr const Shape* kModelChildren[] = {&kOperatorCode, &kSubgraph,      &kBuffer,        &kMetadata,
                                           &kSignature,    &kExternalGroup, &kExternalBuffer};
constexpr Shape kModel{"4TTsTITTTT", kModelChildren};

// The metadata's own schema; of its unions only normalizations (n) are read.
constexpr Shape kAssociatedFile{"ss1s"};
constexpr Shape kProcessUnit{"1n"};
constexpr const Shape* kTensorMetadataChildren[] = {&kProcessUnit, &kAssociatedFile};
constexpr Shape kTensorMetadata{"ss??T?T", kTensorMetadataChildren};
constexpr const Shape* kGraphMetadataChildren[] = {&kTensorMetadata, &kTensorMetadata};
constexpr Shape kGraphMetadata{"ssTT", kGraphMetadataChildren};
constexpr const Shape* kDescriptionChildren[] = {&kGraphMetadata};
constexpr Shape kDescription{"sssTss", kDescriptionChildren};

struct UnionRow {
  uint8_t list;
  uint8_t type;
  std::string_view fields;
};
// Options of operators that have any.
constexpr UnionRow kOptions[] = {
    {1, 1, "1441441"},            // Conv2DOptions
    {1, 2, "1444144"},            // DepthwiseConv2DOptions
    {1, 3, "4II"},                // ConcatEmbeddingsOptions
    {1, 4, "1"},                  // LSHProjectionOptions
    {1, 5, "144441"},             // Pool2DOptions
    {1, 6, "411"},                // SVDFOptions
    {1, 7, "11"},                 // RNNOptions
    {1, 8, "11111B"},             // FullyConnectedOptions
    {1, 9, "4"},                  // SoftmaxOptions
    {1, 10, "41"},                // ConcatenationOptions
    {1, 11, "11"},                // AddOptions
    {1, 12, "1"},                 // L2NormOptions
    {1, 13, "4444"},              // LocalResponseNormalizationOptions
    {1, 14, "14411"},             // LSTMOptions
    {1, 15, "??11"},              // ResizeBilinearOptions
    {1, 16, "4"},                 // CallOptions
    {1, 17, "I"},                 // ReshapeOptions
    {1, 18, "441"},               // SkipGramOptions
    {1, 19, "4"},                 // SpaceToDepthOptions
    {1, 20, "1"},                 // EmbeddingLookupSparseOptions
    {1, 21, "1"},                 // MulOptions
    {1, 23, "44"},                // GatherOptions
    {1, 27, "1"},                 // ReducerOptions
    {1, 28, "11"},                // SubOptions
    {1, 29, "1"},                 // DivOptions
    {1, 30, "I"},                 // SqueezeOptions
    {1, 31, "111"},               // SequenceRNNOptions
    {1, 32, "444441"},            // StridedSliceOptions
    {1, 35, "4"},                 // SplitOptions
    {1, 37, "11"},                // CastOptions
    {1, 40, "1"},                 // ArgMaxOptions
    {1, 49, "14411"},             // TransposeConvOptions
    {1, 50, "1"},                 // SparseToDenseOptions
    {1, 55, "1"},                 // ShapeOptions
    {1, 57, "1"},                 // ArgMinOptions
    {1, 58, "4441"},              // FakeQuantOptions
    {1, 59, "44"},                // PackOptions
    {1, 61, "4"},                 // OneHotOptions
    {1, 64, "44"},                // UnpackOptions
    {1, 69, "144111"},            // BidirectionalSequenceLSTMOptions
    {1, 70, "1111"},              // BidirectionalSequenceRNNOptions
    {1, 71, "144111"},            // UnidirectionalSequenceLSTMOptions
    {1, 74, "11"},                // ResizeNearestNeighborOptions
    {1, 75, "4"},                 // LeakyReluOptions
    {1, 77, "1"},                 // MirrorPadOptions
    {1, 79, "4"},                 // SplitVOptions
    {1, 80, "1"},                 // UniqueOptions
    {1, 87, "44"},                // ReverseSequenceOptions
    {1, 92, "44"},                // IfOptions
    {1, 93, "44"},                // WhileOptions
    {1, 94, "4"},                 // DepthToSpaceOptions
    {1, 101, "111"},              // BatchMatMulOptions
    {1, 102, "11"},               // CumsumOptions
    {1, 103, "4"},                // CallOnceOptions
    {1, 106, "14441444"},         // Conv3DOptions
    {1, 107, "411"},              // HashtableOptions
    {1, 111, "ss"},               // VarHandleOptions
    {1, 114, "88"},               // RandomOptions
    {1, 115, "I"},                // BucketizeOptions
    {1, 116, "1"},                // GeluOptions
    {2, 1, "8"},                  // StablehloConcatenateOptions
    {2, 2, "L"},                  // StablehloBroadcastInDimOptions
    {2, 3, "LLL"},                // StablehloSliceOptions
    {2, 4, "LLLLB88L88L88L88I"},  // StablehloConvolutionOptions
    {2, 5, "s1s4IB"},             // StablehloCustomCallOptions
    {2, 6, "L4"},                 // StablehloReduceOptions
    {2, 7, "1LLL814"},            // StablehloScatterOptions
    {2, 8, "44"},                 // StablehloCompareOptions
    {2, 9, "L"},                  // StablehloDynamicSliceOptions
    {2, 10, "LLL"},               // StablehloPadOptions
    {2, 11, "8"},                 // StablehloIotaOptions
    {2, 12, "LLLLI"},             // StablehloDotGeneralOptions
    {2, 13, "LLLLL4"},            // StablehloReduceWindowOptions
    {2, 14, "814"},               // StablehloSortOptions
    {2, 15, "44"},                // StablehloWhileOptions
    {2, 16, "LLL8L1"},            // StablehloGatherOptions
    {2, 17, "L"},                 // StablehloTransposeOptions
    {2, 19, "1"},                 // StablehloRngBitGeneratorOptions
    {2, 20, "4"},                 // ReduceWindowOptions
    {2, 21, "s4B14"},             // StableHLOCompositeOptions
    {2, 23, "I"},                 // StablehloCaseOptions
};

// The fields of a union's member; nothing is read of members not listed.
std::string_view member_fields(char kind, uint8_t type) {
  if (kind == 'v') return type == 1 ? "I" : type == 2 ? "S" : type == 3 ? "B" : "";
  if (kind == 'n') return type == 1 ? "II" : "";
  if (kind == 'q') return type == 1 ? "B" : type == 2 ? "4444" : "";
  const int list = kind == 'o' ? 1 : 2;
  const auto row = std::find_if(std::begin(kOptions), std::end(kOptions),
                                [&](const UnionRow& row) { return row.list == list && row.type == type; });
  return row == std::end(kOptions) ? std::string_view() : row->fields;
}

class Checker {
 public:
  explicit Checker(std::string_view file)
      : verifier_(reinterpret_cast<const uint8_t*>(file.data()), file.size(), /*max_depth=*/16,
                  /*max_tables=*/10'000'000) {}

  bool table(const flatbuffers::Table* table, const Shape& shape) {
    if (!table || !table->VerifyTableStart(verifier_)) return false;
    size_t child = 0;
    for (size_t slot = 0; slot < shape.fields.size(); ++slot) {
      const char kind = shape.fields[slot];
      const Shape* inner = kind == 't' || kind == 'T' ? shape.children[child++] : nullptr;
      if (!field(table, slot, kind, inner)) return false;
    }
    return verifier_.EndTable();
  }

 private:
  bool field(const flatbuffers::Table* table, size_t slot, char kind, const Shape* inner) {
    const auto at = static_cast<flatbuffers::voffset_t>(4 + 2 * slot);
    switch (kind) {
      case '?': return true;
      case '1': return table->VerifyField<uint8_t>(verifier_, at, 1);
      case '2': return table->VerifyField<uint16_t>(verifier_, at, 2);
      case '4': return table->VerifyField<uint32_t>(verifier_, at, 4);
      case '8': return table->VerifyField<uint64_t>(verifier_, at, 8);
      default: break;
    }
    if (!table->VerifyOffset(verifier_, at)) return false;
    const uint8_t* target = table->GetPointer<const uint8_t*>(at);
    if (!target) return true;
    switch (kind) {
      case 's': return verifier_.VerifyString(reinterpret_cast<const flatbuffers::String*>(target));
      case 'B': return vector(target, 1);
      case 'S': return vector(target, 2);
      case 'I': return vector(target, 4);
      case 'L': return vector(target, 8);
      case 't': return this->table(reinterpret_cast<const flatbuffers::Table*>(target), *inner);
      case 'T': return tables(target, *inner);
      default: {
        const uint8_t type = Table(table).number<uint8_t>(static_cast<int>(slot) - 1);
        return this->table(reinterpret_cast<const flatbuffers::Table*>(target), {member_fields(kind, type)});
      }
    }
  }

  bool vector(const uint8_t* target, size_t element_size) const {
    size_t end = 0;
    return verifier_.VerifyVectorOrString(target, element_size, &end);
  }

  bool tables(const uint8_t* target, const Shape& shape) {
    if (!vector(target, 4)) return false;
    const auto* offsets = reinterpret_cast<const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>*>(target);
    for (flatbuffers::uoffset_t i = 0; i < offsets->size(); ++i) {
      if (!table(offsets->Get(i), shape)) return false;
    }
    return true;
  }

  flatbuffers::Verifier verifier_;
};

}  // namespace

Table Table::table(int slot) const {
  return raw_ ? Table(raw_->GetPointer<const flatbuffers::Table*>(voffset(slot))) : Table();
}

std::vector<Table> Table::tables(int slot) const {
  std::vector<Table> out;
  using Offsets = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>;
  const auto* offsets = raw_ ? raw_->GetPointer<const Offsets*>(voffset(slot)) : nullptr;
  for (flatbuffers::uoffset_t i = 0; offsets && i < offsets->size(); ++i) out.emplace_back(offsets->Get(i));
  return out;
}

std::string_view Table::vector(int slot, size_t element_size) const {
  const auto* raw = raw_ ? raw_->GetPointer<const flatbuffers::Vector<uint8_t>*>(voffset(slot)) : nullptr;
  return raw ? std::string_view(reinterpret_cast<const char*>(raw->data()), size_t{raw->size()} * element_size)
             : std::string_view();
}

namespace {

Result<Table> verified(std::string_view bytes, const Shape& shape) {
  const auto damaged = [] {
    return invalid_model("the flatbuffer is damaged: an offset or a length leads out of the file")
        .expecting("a complete TensorFlow Lite model");
  };
  // Offsets within the flatbuffer have 31 bits; what lies beyond is reached through Buffer.offset.
  const std::string_view reach = bytes.substr(0, FLATBUFFERS_MAX_BUFFER_SIZE - 1);
  if (reach.size() < 8) return damaged();
  uint32_t root = 0;
  std::memcpy(&root, reach.data(), sizeof root);
  if (root > reach.size() - 4) return damaged();
  const auto* model = reinterpret_cast<const flatbuffers::Table*>(reach.data() + root);
  if (!Checker(reach).table(model, shape)) return damaged();
  return Table(model);
}

}  // namespace

Result<Table> verified_model(std::string_view file) { return verified(file, kModel); }
Result<Table> verified_description(std::string_view bytes) { return verified(bytes, kDescription); }

}  // namespace thane::tflite
