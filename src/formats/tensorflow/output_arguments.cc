// Names of the outputs of TensorFlow's ops that have several. Bodies of functions refer to outputs by name.
#include <algorithm>
#include <array>

#include "formats/tensorflow/body.h"

namespace thane::tensorflow {
namespace {

struct Outputs {
  std::string_view op;
  // Separated by spaces; "name*attr" repeats as often as the integer (or list) attribute says.
  std::string_view names;
};

constexpr Outputs kOutputs[] = {
    {"BatchNormWithGlobalNormalization", "result"},
    {"BoostedTreesBucketize", "buckets"},
    {"CTCBeamSearchDecoder",
     "decoded_indices*top_paths decoded_values*top_paths decoded_shape*top_paths log_probability"},
    {"CTCGreedyDecoder", "decoded_indices decoded_values decoded_shape log_probability"},
    {"CombinedNonMaxSuppression", "nmsed_boxes nmsed_scores nmsed_classes valid_detections"},
    {"CudnnRNN", "output output_h output_c reserve_space"},
    {"Eig", "e v"},
    {"FusedBatchNorm", "y batch_mean batch_variance reserve_space_1 reserve_space_2"},
    {"FusedBatchNormV2", "y batch_mean batch_variance reserve_space_1 reserve_space_2"},
    {"FusedBatchNormV3", "y batch_mean batch_variance reserve_space_1 reserve_space_2 reserve_space_3"},
    {"_FusedBatchNormEx", "y batch_mean batch_variance reserve_space_1 reserve_space_2 reserve_space_3"},
    {"GenerateBoundingBoxProposals", "rois roi_probabilities"},
    {"ListDiff", "out idx"},
    {"LogMatrixDeterminant", "sign log_abs_determinant"},
    {"LookupTableExport", "keys values"},
    {"LookupTableExportV2", "keys values"},
    {"Lu", "lu p"},
    {"MaxPoolWithArgmax", "output argmax"},
    {"Merge", "output value_index"},
    {"NonMaxSuppressionV4", "selected_indices valid_outputs"},
    {"NonMaxSuppressionV5", "selected_indices selected_scores valid_outputs"},
    {"ParseExample", "sparse_indices*Nsparse sparse_values*Nsparse sparse_shapes*Nsparse dense_values*Ndense"},
    {"ParseExampleV2",
     "sparse_indices*num_sparse sparse_values*num_sparse sparse_shapes*num_sparse dense_values*Tdense "
     "ragged_values*ragged_value_types ragged_row_splits*ragged_split_types"},
    {"ParseSingleExample",
     "sparse_indices*num_sparse sparse_values*num_sparse sparse_shapes*num_sparse dense_values*Tdense"},
    {"Qr", "q r"},
    {"QuantizeV2", "output output_min output_max"},
    {"QuantizedConv2D", "output min_output max_output"},
    {"QuantizedMatMul", "out min_out max_out"},
    {"QuantizedBiasAdd", "output min_out max_out"},
    {"QuantizedRelu", "activations min_activations max_activations"},
    {"QuantizedMaxPool", "output min_output max_output"},
    {"QuantizedAvgPool", "output min_output max_output"},
    {"QuantizedReshape", "output output_min output_max"},
    {"QuantizedConcat", "output output_min output_max"},
    {"QuantizedAdd", "z min_z max_z"},
    {"QuantizedMul", "z min_z max_z"},
    {"Requantize", "output output_min output_max"},
    {"RequantizationRange", "output_min output_max"},
    {"QuantizeDownAndShrinkRange", "output output_min output_max"},
    {"RaggedGather", "output_nested_splits*OUTPUT_RAGGED_RANK output_dense_values"},
    {"RaggedRange", "rt_nested_splits rt_dense_values"},
    {"RaggedTensorFromVariant", "output_nested_splits*output_ragged_rank output_dense_values"},
    {"RaggedTensorToSparse", "sparse_indices sparse_values sparse_dense_shape"},
    {"RefMerge", "output value_index"},
    {"RefSwitch", "output_false output_true"},
    {"SampleDistortedBoundingBoxV2", "begin size bboxes"},
    {"SelfAdjointEigV2", "e v"},
    {"SoftmaxCrossEntropyWithLogits", "loss backprop"},
    {"SparseConcat", "output_indices output_values output_shape"},
    {"SparseCross", "output_indices output_values output_shape"},
    {"SparseCrossV2", "output_indices output_values output_shape"},
    {"SparseCrossHashed", "output_indices output_values output_shape"},
    {"SparseFillEmptyRows", "output_indices output_values empty_row_indicator reverse_index_map"},
    {"SparseReorder", "output_indices output_values"},
    {"SparseReshape", "output_indices output_shape"},
    {"SparseSlice", "output_indices output_values output_shape"},
    {"SparseSoftmaxCrossEntropyWithLogits", "loss backprop"},
    {"SparseSplit", "output_indices*num_split output_values*num_split output_shape*num_split"},
    {"StatelessRandomGetKeyCounter", "key counter"},
    {"StatelessRandomGetKeyCounterAlg", "key counter alg"},
    {"StringNGrams", "ngrams ngrams_splits"},
    {"StringSplit", "indices values shape"},
    {"StringSplitV2", "indices values shape"},
    {"Svd", "s u v"},
    {"Switch", "output_false output_true"},
    {"TensorArrayConcatV2", "value lengths"},
    {"TensorArrayConcatV3", "value lengths"},
    {"TensorArrayV3", "handle flow"},
    {"TensorListConcat", "tensor lengths"},
    {"TensorListConcatV2", "tensor lengths"},
    {"TensorListPopBack", "output_handle tensor"},
    {"TopK", "values indices"},
    {"TopKV2", "values indices"},
    {"UnicodeDecode", "row_splits char_values"},
    {"UnicodeDecodeWithOffsets", "row_splits char_values char_to_byte_starts"},
    {"Unique", "y idx"},
    {"UniqueV2", "y idx"},
    {"UniqueWithCounts", "y idx count"},
    {"UniqueWithCountsV2", "y idx count"},
    {"LSTMBlockCell", "i cs f o ci co h"},
    {"BlockLSTM", "i cs f o ci co h"},
    {"BlockLSTMV2", "i cs f o ci co h"},
    {"GRUBlockCell", "r u c h"},
    {"DecodeWav", "audio sample_rate"},
    {"LearnedUnigramCandidateSampler", "sampled_candidates true_expected_count sampled_expected_count"},
    {"UniformCandidateSampler", "sampled_candidates true_expected_count sampled_expected_count"},
};
static_assert(std::ranges::all_of(kOutputs, [](const Outputs& row) { return !row.names.empty(); }));

uint32_t repeats(const NodeDef& node, std::string_view attr) {
  const AttrProto* value = node.attr(attr);
  if (!value) return 0;
  if (value->kind == AttrProto::Kind::kList) return static_cast<uint32_t>(value->numbers.size());
  return value->number > 0 && value->number < (1 << 20) ? static_cast<uint32_t>(value->number) : 0;
}

}  // namespace

std::optional<uint32_t> output_position(const NodeDef& node, std::string_view name, const Library& library) {
  if (const FunctionDef* function = library.find(node.op)) {
    for (uint32_t i = 0; i < function->outputs.size(); ++i) {
      if (function->outputs[i].name == name) return i;
    }
    return std::nullopt;
  }
  const auto* row = std::ranges::find(kOutputs, node.op, &Outputs::op);
  if (row == std::end(kOutputs)) return 0;  // one output argument, perhaps a list
  uint32_t position = 0;
  for (std::string_view rest = row->names; !rest.empty();) {
    const size_t space = rest.find(' ');
    const std::string_view item = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    const size_t star = item.find('*');
    if (item.substr(0, star) == name) return position;
    position += star == std::string_view::npos ? 1 : repeats(node, item.substr(star + 1));
  }
  return std::nullopt;
}

}  // namespace thane::tensorflow
