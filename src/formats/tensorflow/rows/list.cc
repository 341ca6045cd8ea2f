// TensorLists (of the second control flow) and TensorArrays (of the first): both are sequences. A TensorArray's
// contents travel along its flow; its handle only says what it holds.
#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace list_ops {
namespace {

// What an element shape given as an input (or attribute) says: -1 alone for an unknown rank.
std::optional<Dims> element_dims(const Edge& edge) {
  const auto known = Call::ints_of(edge);
  if (!known) {
    if (edge.present() && edge.fact().dim_values) {
      Dims dims;
      for (const Dim& dim : *edge.fact().dim_values) dims.push_back(dim.is_number() ? dim.number() : -1);
      return dims;
    }
    return std::nullopt;
  }
  if (edge.dims() && edge.dims()->empty()) return std::nullopt;
  return known;
}
std::optional<Dims> element_dims(const ShapeProto& shape) {
  if (shape.unknown_rank) return std::nullopt;
  return shape.dims;
}
// Two descriptions of the same shape.
std::optional<Dims> merged(const std::optional<Dims>& a, const std::optional<Dims>& b) {
  if (!a || !b || a->size() != b->size()) return a ? a : b;
  Dims dims = *a;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) dims[i] = (*b)[i];
  }
  return dims;
}
// What inference knows of a list's items.
std::optional<Dims> known_of(const Edge& list) {
  if (!list.present() || list.type().kind != TypeKind::kSequence || !list.type().element) return std::nullopt;
  const Type& item = *list.type().element;
  if (!item.is_tensor() || !item.dims) return std::nullopt;
  Dims dims;
  for (const Dim& dim : *item.dims) dims.push_back(dim.is_number() ? dim.number() : -1);
  return dims;
}

AttrMap item_attrs(const std::optional<Dims>& dims) {
  AttrMap attrs;
  if (dims) attrs.emplace("dims", *dims);
  return attrs;
}

Edge list_in(Call& call, size_t i) {
  const Edge list = call.in(i);
  if (list.present() && list.type().known() && list.type().kind != TypeKind::kSequence) {
    call.fail(unsupported("its input is no list"));
    return {};
  }
  return list;
}

Edge reserve(Call& call, const Edge& count, const Edge& shape, DType dtype) {
  Edge dims = call.to_int64(shape);
  // An unknown rank is written as the scalar -1.
  if (dims.present() && dims.dims() && dims.dims()->empty()) dims = call.ints_edge({-1});
  return call.own("ListReserve", {call.to_int64(count), dims}, {{"dtype", static_cast<int64_t>(dtype)}});
}
bool nested(Call& call, DType dtype) {
  if (dtype != DType::kUndefined) return false;
  call.fail(unsupported("lists of lists"));
  return true;
}

Edge stacked(Call& call, const Edge& list, const std::optional<Dims>& dims) {
  return call.own("ListStack", {list}, item_attrs(dims));
}
Edge rows_of(Call& call, const Edge& tensor) {
  return call.emit("SplitToSequence", {tensor}, {{"axis", int64_t{0}}, {"keepdims", int64_t{0}}});
}

// --- TensorLists -----------------------------------------------------------------------------------------------------

void list_reserve(Call& call) {
  const DType dtype = call.type("element_dtype");
  if (!nested(call, dtype)) call.out(reserve(call, call.in(1), call.in(0), dtype));
}
void list_empty(Call& call) {
  const DType dtype = call.type("element_dtype");
  if (!nested(call, dtype)) call.out(reserve(call, call.int_edge(0), call.in(0), dtype));
}
void list_from_tensor(Call& call) { call.out(rows_of(call, call.in(0))); }
void list_stack(Call& call) {
  const Edge list = list_in(call, 0);
  const auto dims = call.size() > 1 ? element_dims(call.in(1)) : std::nullopt;
  Edge y = stacked(call, list, merged(dims, known_of(list)));
  if (const int64_t n = call.i("num_elements", -1); n >= 0 && y.present() && y.dims()) {
    SymDims declared = *y.dims();
    declared[0] = Dim(n);
    call.builder.declare(y, Type::tensor(y.dtype(), declared));
  }
  call.out(y);
}
void list_get(Call& call) {
  const Edge list = list_in(call, 0);
  const auto dims = call.size() > 2 ? element_dims(call.in(2)) : std::nullopt;
  call.out(call.own("ListGet", {list, call.in(1)}, item_attrs(merged(dims, known_of(list)))));
}
void list_set(Call& call) { call.out(call.own("ListSet", {list_in(call, 0), call.in(1), call.in(2)})); }
void list_length(Call& call) { call.out(call.cast(call.emit("SequenceLength", {list_in(call, 0)}), DType::kInt32)); }
void list_push(Call& call) { call.out(call.emit("SequenceInsert", {list_in(call, 0), call.in(1)})); }
void list_pop(Call& call) {
  const Edge list = list_in(call, 0);
  const Edge last = call.sub(call.emit("SequenceLength", {list}), call.int_edge(1));
  const auto dims = call.size() > 1 ? element_dims(call.in(1)) : std::nullopt;
  call.out(0, call.emit("SequenceErase", {list}));
  call.out(1, call.own("ListGet", {list, last}, item_attrs(dims)));
}
void list_gather(Call& call) {
  const Edge list = list_in(call, 0);
  const auto dims = call.size() > 2 ? element_dims(call.in(2)) : std::nullopt;
  call.out(call.gather(stacked(call, list, merged(dims, known_of(list))), call.in(1), 0));
}
void list_scatter(Call& call) {
  // tensor, indices, element shape[, count]
  const Edge tensor = call.in(0), indices = call.in(1);
  Edge count = call.int_edge(0);
  if (call.size() > 3) count = call.emit("Max", {call.to_int64(call.in(3)), call.int_edge(0)});
  const Edge list = reserve(call, count, call.in(2), call.dtype(tensor));
  call.out(call.own("ListScatter", {list, indices, tensor}));
}
void list_scatter_into(Call& call) { call.out(call.own("ListScatter", {list_in(call, 0), call.in(2), call.in(1)})); }
void list_concat(Call& call) {
  const Edge list = list_in(call, 0);
  call.out(0, call.emit("ConcatFromSequence", {list}, {{"axis", int64_t{0}}}));
}
void list_concat_lists(Call& call) { call.fail(unsupported("it joins lists")); }
void list_resize(Call& call) {
  const Edge list = list_in(call, 0);
  call.out(list);
}
void list_split(Call& call) {
  // tensor, element shape, lengths
  call.out(call.emit("SplitToSequence", {call.in(0), call.in(2)}, {{"axis", int64_t{0}}}));
}
void list_shape(Call& call) {
  const auto dims = known_of(list_in(call, 0));
  if (!dims) return call.out(call.cast(call.int_edge(-1), call.type("shape_type", DType::kInt32)));
  call.out(call.cast(call.ints_edge(*dims), call.type("shape_type", DType::kInt32)));
}

// --- TensorArrays ----------------------------------------------------------------------------------------------------

void array(Call& call) {
  const DType dtype = call.type("dtype");
  if (nested(call, dtype)) return;
  const ShapeProto shape = call.shape("element_shape");
  const uint32_t id = call.frame.importer.array_id({dtype, shape});
  call.set(0, Item::handle(Item::Kind::kArray, id));
  const auto dims = element_dims(shape);
  call.out(1, reserve(call, call.in(0), call.ints_edge(dims ? *dims : Dims{-1}), dtype));
}
ArrayInfo* info_of(Call& call) {
  if (call.item(0).kind == Item::Kind::kArray) return &call.frame.importer.array(call.item(0).id);
  if (!call.failed()) call.fail(unsupported("its input is no TensorArray"));
  return nullptr;
}
std::optional<Dims> array_dims(Call& call, const Edge& flow) {
  const ArrayInfo* info = info_of(call);
  return merged(info ? element_dims(info->element) : std::nullopt, known_of(flow));
}
void array_write(Call& call) { call.out(call.own("ListSet", {list_in(call, 3), call.in(1), call.in(2)})); }
void array_read(Call& call) {
  const Edge flow = list_in(call, 2);
  call.out(call.own("ListGet", {flow, call.in(1)}, item_attrs(array_dims(call, flow))));
}
void array_gather(Call& call) {
  const Edge flow = list_in(call, 2);
  auto dims = array_dims(call, flow);
  dims = merged(dims, element_dims(call.shape("element_shape")));
  const Edge all = stacked(call, flow, dims);
  call.out(call.gather(all, call.in(1), 0));
}
void array_scatter(Call& call) { call.out(call.own("ListScatter", {list_in(call, 3), call.in(1), call.in(2)})); }
void array_size(Call& call) { call.out(call.cast(call.emit("SequenceLength", {list_in(call, 1)}), DType::kInt32)); }
void array_concat(Call& call) {
  call.out(0, call.emit("ConcatFromSequence", {list_in(call, 1)}, {{"axis", int64_t{0}}}));
}
void array_split(Call& call) {
  call.out(call.emit("SplitToSequence", {call.in(1), call.in(2)}, {{"axis", int64_t{0}}}));
}
void nothing(Call&) {}

constexpr OpRow kRows[] = {
    {"TensorListReserve", list_reserve},
    {"EmptyTensorList", list_empty},
    {"TensorListFromTensor", list_from_tensor},
    {"TensorListStack", list_stack},
    {"TensorListGetItem", list_get},
    {"TensorListSetItem", list_set},
    {"TensorListLength", list_length},
    {"TensorListPushBack", list_push},
    {"TensorListPopBack", list_pop},
    {"TensorListGather", list_gather},
    {"TensorListScatter", list_scatter},
    {"TensorListScatterV2", list_scatter},
    {"TensorListScatterIntoExistingList", list_scatter_into},
    {"TensorListConcat", list_concat},
    {"TensorListConcatV2", list_concat},
    {"TensorListConcatLists", list_concat_lists},
    {"TensorListResize", list_resize},
    {"TensorListSplit", list_split},
    {"TensorListElementShape", list_shape},
    {"TensorArrayV3", array},
    {"TensorArrayV2", array},
    {"TensorArrayWriteV3", array_write},
    {"TensorArrayWriteV2", array_write},
    {"TensorArrayReadV3", array_read},
    {"TensorArrayReadV2", array_read},
    {"TensorArrayGatherV3", array_gather},
    {"TensorArrayGatherV2", array_gather},
    {"TensorArrayScatterV3", array_scatter},
    {"TensorArrayScatterV2", array_scatter},
    {"TensorArraySizeV3", array_size},
    {"TensorArraySizeV2", array_size},
    {"TensorArrayConcatV3", array_concat},
    {"TensorArrayConcatV2", array_concat},
    {"TensorArraySplitV3", array_split},
    {"TensorArrayCloseV3", nothing},
    {"TensorArrayCloseV2", nothing},
};

}  // namespace
}  // namespace list_ops

std::span<const OpRow> list_rows() { return list_ops::kRows; }

}  // namespace thane::tensorflow
