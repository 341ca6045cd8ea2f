// ParseExample and its relatives, hash tables, and files' contents.
#include <charconv>

#include "base/format.h"
#include "formats/tensorflow/call.h"
#include "formats/tensorflow/tensor.h"

namespace thane::tensorflow {
namespace example_ops {
namespace {

// --- tf.Example ------------------------------------------------------------------------------------------------------

std::vector<std::string> need_strings(Call& call, size_t i) {
  const Edge edge = call.in(i);
  if (call.failed()) return {};
  const Tensor* known = edge.known();
  if (!known || known->dtype() != DType::kString) {
    call.fail(unsupported("its keys are not known before running"));
    return {};
  }
  return {known->data<std::string>(), known->data<std::string>() + known->size()};
}

Dims types_of(const Call& call, std::string_view name) {
  Dims types;
  for (int64_t type : call.ints(name)) types.push_back(static_cast<int64_t>(to_dtype(type)));
  return types;
}

struct Keys {
  std::vector<std::string> sparse, dense, ragged;
  size_t first_default;
};

void parse(Call& call, const Keys& keys) {
  if (call.failed()) return;
  Dims ranks, dims;
  if (const AttrProto* shapes = call.node.attr("dense_shapes")) {
    for (const ShapeProto& shape : shapes->shapes) {
      ranks.push_back(static_cast<int64_t>(shape.dims.size()));
      dims.insert(dims.end(), shape.dims.begin(), shape.dims.end());
    }
  }
  const Dims dense_types = types_of(call, "Tdense");
  std::vector<Edge> inputs = {call.in(0)};
  for (size_t i = 0; i < keys.dense.size(); ++i) inputs.push_back(call.in(keys.first_default + i));
  AttrMap attrs = {{"sparse_keys", keys.sparse},
                   {"dense_keys", keys.dense},
                   {"ragged_keys", keys.ragged},
                   {"sparse_types", types_of(call, "sparse_types")},
                   {"dense_types", dense_types},
                   {"ragged_types", types_of(call, "ragged_value_types")},
                   {"split_types", types_of(call, "ragged_split_types")},
                   {"dense_ranks", ranks},
                   {"dense_dims", dims}};
  const size_t count = 3 * keys.sparse.size() + keys.dense.size() + 2 * keys.ragged.size();
  const auto outputs = call.emit_many("ParseExample", inputs, count, std::move(attrs), Domain::kThane);
  for (size_t i = 0; i < count; ++i) call.out(i, outputs[i]);
}

void parse_example_v1(Call& call) {
  const auto sparse = static_cast<size_t>(std::max<int64_t>(call.i("Nsparse"), 0)),
             dense = static_cast<size_t>(std::max<int64_t>(call.i("Ndense"), 0));
  if (call.size() != 2 + sparse + 2 * dense)
    return call.fail(invalid_model("its number of inputs does not fit its keys"));
  Keys keys;
  for (size_t i = 0; i < sparse; ++i) {
    for (std::string& key : need_strings(call, 2 + i)) keys.sparse.push_back(std::move(key));
  }
  for (size_t i = 0; i < dense; ++i) {
    for (std::string& key : need_strings(call, 2 + sparse + i)) keys.dense.push_back(std::move(key));
  }
  keys.first_default = 2 + sparse + dense;
  parse(call, keys);
}
void parse_example_v2(Call& call) {
  Keys keys{need_strings(call, 2), need_strings(call, 3), need_strings(call, 4), 5};
  parse(call, keys);
}
void parse_single_example(Call& call) { parse(call, {call.strings("sparse_keys"), call.strings("dense_keys"), {}, 1}); }

// --- tables ----------------------------------------------------------------------------------------------------------

void hash_table(Call& call) {
  std::string name = call.s("shared_name");
  if (name.empty()) name = std::string(call.node.name);
  const uint32_t id = call.frame.importer.table_id(name, call.type("key_dtype"), call.type("value_dtype"));
  call.set(0, Item::handle(Item::Kind::kTable, id));
}

Table* table_of(Call& call) {
  if (call.item(0).kind == Item::Kind::kTable) return &call.frame.importer.table(call.item(0).id);
  if (!call.failed()) call.fail(unsupported("its input is no table"));
  return nullptr;
}

void fill(Call& call, Table& table, Tensor keys, Tensor values) {
  if (!call.frame.importer.initialising()) return call.fail(unsupported("it fills a table while running"));
  if (keys.size() != values.size())
    return call.fail(invalid_model(format("{} keys and {} values", keys.size(), values.size())));
  table.keys = call.take(keys.keep());
  table.values = call.take(values.keep());
}

void import_table(Call& call) {
  Table* table = table_of(call);
  const Edge keys = call.in(1), values = call.in(2);
  if (!table || call.failed()) return;
  Tensor k = call.take(call.frame.importer.compute(keys)), v = call.take(call.frame.importer.compute(values));
  if (!call.failed()) fill(call, *table, std::move(k), std::move(v));
}

// A column of a text file: -2 the whole line, -1 its number, else a part.
std::optional<Tensor> column(Call& call, const std::vector<std::string_view>& lines, int64_t index,
                             std::string_view delimiter, DType dtype) {
  Tensor tensor = call.take(Tensor::allocate(dtype, {static_cast<int64_t>(lines.size())}));
  if (call.failed()) return std::nullopt;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string_view text = lines[i];
    if (index >= 0) {
      for (int64_t skip = 0; skip < index; ++skip) {
        const size_t end = text.find(delimiter);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + delimiter.size());
      }
      text = text.substr(0, text.find(delimiter));
    }
    if (index == -1) {
      if (dtype == DType::kInt64) {
        tensor.data<int64_t>()[i] = static_cast<int64_t>(i);
      } else {
        call.fail(unsupported("line numbers that are not int64"));
        return std::nullopt;
      }
    } else if (dtype == DType::kString) {
      tensor.data<std::string>()[i] = text;
    } else {
      double number = 0;
      int64_t integer = 0;
      if (dtype == DType::kInt64 &&
          std::from_chars(text.data(), text.data() + text.size(), integer).ec == std::errc{}) {
        tensor.data<int64_t>()[i] = integer;
      } else if (dtype == DType::kFloat32 &&
                 std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{}) {
        tensor.data<float>()[i] = static_cast<float>(number);
      } else {
        call.fail(invalid_model(format("line {} of the vocabulary is '{}'", i + 1, text.substr(0, 40)))
                      .expecting("a number"));
        return std::nullopt;
      }
    }
  }
  return tensor;
}

void import_file(Call& call) {
  Table* table = table_of(call);
  const Edge name_edge = call.in(1);
  if (!table || call.failed()) return;
  const Tensor name = call.take(call.frame.importer.compute(name_edge));
  if (call.failed()) return;
  if (name.dtype() != DType::kString || name.size() != 1) return call.fail(invalid_model("its file name is no string"));
  std::string_view text = call.take(call.frame.importer.program().source.companion(*name.data<std::string>()));
  if (call.failed()) return;
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  const int64_t offset = call.i("offset"), most = call.i("vocab_size", -1);
  lines.erase(lines.begin(), lines.begin() + std::clamp<int64_t>(offset, 0, static_cast<int64_t>(lines.size())));
  if (most >= 0 && static_cast<size_t>(most) < lines.size()) lines.resize(static_cast<size_t>(most));
  const std::string delimiter = call.s("delimiter", "\t");
  auto keys = column(call, lines, call.i("key_index", -2), delimiter, table->key);
  auto values = column(call, lines, call.i("value_index", -1), delimiter, table->value);
  if (keys && values) fill(call, *table, std::move(*keys), std::move(*values));
}

const Table* filled_table(Call& call) {
  const Table* table = table_of(call);
  if (!table) return nullptr;
  if (!table->keys.defined()) {
    Error error = unsupported(format("table '{}' has no contents that are known before running", table->name));
    const auto& notes = call.frame.importer.program().notes;
    if (!notes.empty()) error = std::move(error).hinting(notes.front());
    call.fail(std::move(error));
    return nullptr;
  }
  return table;
}

void find(Call& call) {
  const Table* table = filled_table(call);
  if (!table) return;
  const Edge keys = call.in(1);
  Edge fallback = call.in(2);
  call.out(call.own("TableLookup", {keys, fallback}, {{"keys", table->keys}, {"values", table->values}}));
}
void table_size(Call& call) {
  if (const Table* table = filled_table(call)) call.out(call.int_edge(table->keys.size()));
}
void table_export(Call& call) {
  if (const Table* table = filled_table(call)) {
    call.out(0, call.constant(table->keys));
    call.out(1, call.constant(table->values));
  }
}

void read_file(Call& call) {
  const Edge name_edge = call.in(0);
  const Tensor name = call.take(call.failed() ? Result<Tensor>(Tensor()) : call.frame.importer.compute(name_edge));
  if (call.failed()) return;
  if (name.dtype() != DType::kString || name.size() != 1) return call.fail(unsupported("file names that are inputs"));
  const std::string_view text = call.take(call.frame.importer.program().source.companion(*name.data<std::string>()));
  if (!call.failed()) call.out(call.constant(string_tensor({}, {std::string(text)})));
}

constexpr OpRow kRows[] = {
    {"ParseExample", parse_example_v1},
    {"ParseExampleV2", parse_example_v2},
    {"ParseSingleExample", parse_single_example},
    {"HashTable", hash_table},
    {"HashTableV2", hash_table},
    {"MutableHashTable", hash_table},
    {"MutableHashTableV2", hash_table},
    {"AnonymousHashTable", hash_table},
    {"AnonymousMutableHashTable", hash_table},
    {"MutableDenseHashTableV2", hash_table},
    {"InitializeTable", import_table},
    {"InitializeTableV2", import_table},
    {"LookupTableImport", import_table},
    {"LookupTableImportV2", import_table},
    {"LookupTableInsertV2", import_table},
    {"InitializeTableFromTextFile", import_file},
    {"InitializeTableFromTextFileV2", import_file},
    {"LookupTableFind", find},
    {"LookupTableFindV2", find},
    {"LookupTableSize", table_size},
    {"LookupTableSizeV2", table_size},
    {"LookupTableExport", table_export},
    {"LookupTableExportV2", table_export},
    {"ReadFile", read_file},
};

}  // namespace
}  // namespace example_ops

std::span<const OpRow> example_rows() { return example_ops::kRows; }

}  // namespace thane::tensorflow
