#include "cli/input_source.h"

#include <algorithm>
#include <filesystem>

#include "api/generate.h"
#include "api/io/npz.h"
#include "api/io/write_file.h"
#include "base/format.h"
#include "cli/file_input.h"
#include "cli/options.h"

namespace thane::cli {
namespace {

namespace fs = std::filesystem;

const Type& declared_type(const Graph& graph, size_t input) { return graph.values[graph.inputs[input]].type; }
const Type& inner_type(const Type& type) {
  return type.kind == TypeKind::kOptional && type.element ? *type.element : type;
}

std::vector<std::string> symbols_of(const Graph& graph) {
  std::vector<std::string> symbols;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const Type& type = inner_type(declared_type(graph, i));
    if (!type.is_tensor() || !type.dims) continue;
    for (const Dim& dim : *type.dims) {
      if (dim.is_symbolic()) symbols.push_back(dim.to_string());
    }
  }
  return symbols;
}

// Names sorted so that input_2 comes before input_10.
bool natural_less(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& text, size_t i) {
    size_t end = i;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    return end - i;
  };
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const size_t m = digits(a, i), n = digits(b, j);
    if (m > 0 && n > 0) {
      if (m != n && a[i] != '0' && b[j] != '0') return m < n;
      const int order = a.compare(i, m, b, j, n);
      if (order != 0) return order < 0;
      i += m;
      j += n;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i;
      ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

// Files and folders in `path`, without hidden ones.
Result<std::vector<fs::path>> entries_of(const std::string& path) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string()[0] != '.') entries.push_back(it->path());
  }
  if (error) return io_error(error.message()).at(path).expecting("a readable folder");
  std::ranges::sort(
      entries, [](const auto& a, const auto& b) { return natural_less(a.filename().string(), b.filename().string()); });
  return entries;
}

// The input a file is named after: by its stem, or "input_3" for the fourth. Nothing when there is none.
std::optional<std::string> input_named_like(const fs::path& file, std::span<const std::string> names) {
  const std::string stem = file.stem().string();
  for (const std::string& name : names) {
    if (stem == name || stem == file_name_of(name)) return name;
  }
  if (!stem.starts_with("input_")) return std::nullopt;
  const auto index = parse_integer(stem.substr(6));
  if (!index || *index < 0 || *index >= static_cast<int64_t>(names.size())) return std::nullopt;
  return names[static_cast<size_t>(*index)];
}

// All files of a folder as the inputs they are named after; empty when one is not.
std::vector<InputSpec> named_files(const std::vector<fs::path>& entries, std::span<const std::string> names) {
  std::vector<InputSpec> specs;
  for (const fs::path& entry : entries) {
    if (entry.stem().string().starts_with("output_")) continue;
    const auto name = input_named_like(entry, names);
    if (!name || fs::is_directory(entry)) return {};
    specs.push_back({InputSpec::Kind::kFile, *name, entry.string(), 0, 0, entry.string()});
  }
  return specs;
}

}  // namespace

Result<InputSource> InputSource::create(const Graph& graph, const Arguments& arguments, bool fill) {
  InputSource source(graph, arguments);
  source.fill_ = fill;
  for (ValueId id : graph.inputs) source.names_.push_back(graph.values[id].name);
  THANE_ASSIGN(source.shapes_, parse_shape_specs(arguments.all(kShape), source.names_, symbols_of(graph)));
  std::vector<InputSpec> specs;
  for (const std::string& text : arguments.all(kInput)) {
    THANE_ASSIGN(InputSpec spec, parse_input_spec(text, source.names_));
    specs.push_back(std::move(spec));
  }
  THANE_TRY(source.expand_folder(std::move(specs)));
  return source;
}

// At most one of the specs is a folder; each of its entries takes its place in a set of its own.
Status InputSource::expand_folder(std::vector<InputSpec> specs) {
  const auto is_folder = [](const InputSpec& spec) { return spec.kind == InputSpec::Kind::kFolder; };
  const auto folder = std::ranges::find_if(specs, is_folder);
  if (folder == specs.end()) {
    sets_.push_back({"", std::move(specs)});
    return ok();
  }
  if (std::ranges::count_if(specs, is_folder) > 1) {
    return invalid_argument("more than one folder").at("-i").expecting("at most one; its entries are the runs");
  }
  THANE_ASSIGN(const std::vector<fs::path> entries, entries_of(folder->path));
  std::vector<InputSpec> others(specs.begin(), folder);
  others.insert(others.end(), folder + 1, specs.end());
  const auto with_others = [&](std::vector<InputSpec> set) {
    set.insert(set.end(), others.begin(), others.end());
    return set;
  };
  if (auto whole = named_files(entries, names_); folder->name.empty() && names_.size() > 1 && whole.size() > 1) {
    sets_.push_back({"", with_others(std::move(whole))});
    return ok();
  }
  for (const fs::path& entry : entries) {
    std::vector<InputSpec> set;
    if (fs::is_directory(entry)) {
      THANE_ASSIGN(const std::vector<fs::path> files, entries_of(entry.string()));
      set = named_files(files, names_);
      if (set.empty()) {
        return invalid_argument("files named after no input")
            .at(entry.string())
            .expecting("files named like the inputs, or input_0, input_1, …");
      }
    } else {
      set.push_back({InputSpec::Kind::kFile, folder->name, entry.string(), 0, 0, entry.string()});
    }
    sets_.push_back({entry.stem().string(), with_others(std::move(set))});
  }
  if (sets_.empty()) return invalid_argument("an empty folder").at("-i " + folder->text).expecting("files");
  // x.png and x.jpg would share a folder of outputs.
  std::map<std::string, int> seen;
  for (Set& set : sets_) {
    if (const int times = seen[set.label]++; times > 0) set.label += format("_{}", times + 1);
  }
  return ok();
}

Result<Value> InputSource::read(const std::string& path, size_t input) const {
  Target target{names_[input], declared_type(*graph_, input)};
  if (const auto hint = hints_.find(target.name); hint != hints_.end()) target.hint = hint->second;
  if (const auto shape = shapes_.inputs.find(target.name); shape != shapes_.inputs.end()) {
    if (target.type.is_tensor()) target.type.dims = to_symbolic(shape->second);
  }
  const auto located = [&](Error error) {
    if (error.where.find(path) == std::string::npos) std::move(error).at(path);
    return std::move(error).at(format("input '{}'", target.name));
  };
  auto value = read_input_file(path, target, *arguments_);
  if (value.ok()) value = with_dtype_of(target, std::move(*value), *arguments_);
  if (!value.ok()) return located(std::move(value).error());
  return value;
}

Status InputSource::too_many(const std::string& text) const {
  std::string names;
  for (const std::string& name : names_) names += (names.empty() ? "" : ", ") + name;
  return invalid_argument("more values than inputs")
      .at("-i " + text)
      .expecting(format("{} ({})", names_.size(), names));
}

// Gives each spec its input: named ones first, the rest in order. Files are read at once, what is made up comes later,
// when the sizes of symbols are known.
Status InputSource::assign(const Set& set, std::vector<std::optional<Value>>& values,
                           std::vector<const InputSpec*>& made_up) const {
  const auto taken = [&](size_t i) { return values[i].has_value() || made_up[i]; };
  const auto put = [&](const InputSpec& spec, size_t input) -> Status {
    if (taken(input)) {
      return invalid_argument(format("input '{}' is given twice", names_[input]))
          .at("-i " + spec.text)
          .expecting("once");
    }
    if (spec.kind != InputSpec::Kind::kFile) {
      made_up[input] = &spec;
      return ok();
    }
    THANE_ASSIGN(values[input], read(spec.path, input));
    return ok();
  };
  size_t next = 0;
  const auto next_free = [&] {
    while (next < names_.size() && taken(next)) ++next;
    return next;
  };
  for (const InputSpec& spec : set.specs) {
    if (spec.name.empty()) continue;
    THANE_TRY(put(spec, static_cast<size_t>(std::ranges::find(names_, spec.name) - names_.begin())));
  }
  for (const InputSpec& spec : set.specs) {
    if (!spec.name.empty()) continue;
    if (spec.kind == InputSpec::Kind::kFile && is_archive(spec.path)) {
      THANE_ASSIGN(auto file, MappedFile::open(spec.path));
      THANE_ASSIGN(auto arrays, read_npz(std::move(file)));
      const bool by_name =
          std::ranges::all_of(arrays, [&](const auto& array) { return std::ranges::count(names_, array.first); });
      for (auto& [name, tensor] : arrays) {
        const size_t input =
            by_name ? static_cast<size_t>(std::ranges::find(names_, name) - names_.begin()) : next_free();
        if (input >= names_.size()) return too_many(spec.text);
        auto value =
            with_dtype_of({names_[input], declared_type(*graph_, input)}, Value(std::move(tensor)), *arguments_);
        if (!value.ok())
          return std::move(value).error().at(spec.path + ": " + name).at(format("input '{}'", names_[input]));
        values[input] = std::move(*value);
      }
      continue;
    }
    if (next_free() >= names_.size()) return too_many(spec.text);
    THANE_TRY(put(spec, next_free()));
  }
  // One made-up value without a name stands for all that is left.
  const auto unnamed = std::ranges::count_if(set.specs, [](const InputSpec& spec) { return spec.name.empty(); });
  if (!set.specs.empty() && unnamed == 1) {
    const auto only = std::ranges::find_if(set.specs, [](const InputSpec& spec) { return spec.name.empty(); });
    const bool made = only->kind != InputSpec::Kind::kFile && only->kind != InputSpec::Kind::kFolder;
    while (made && next_free() < names_.size()) made_up[next_free()] = &*only;
  }
  return ok();
}

Result<Value> InputSource::make(const InputSpec& spec, size_t input,
                                const std::map<std::string, int64_t>& symbols) const {
  const Type& type = inner_type(declared_type(*graph_, input));
  const std::string where = format("input '{}'", names_[input]);
  const auto given = shapes_.inputs.find(names_[input]);
  Dims dims;
  if (given != shapes_.inputs.end()) {
    dims = given->second;
  } else if (!type.is_tensor() || !type.dims) {
    return invalid_argument(format("a value cannot be made up for {}", type.to_string()))
        .at(where)
        .expecting(type.is_tensor() || !type.known() ? format("its shape: -s {}=…", names_[input]) : "a .pb file");
  } else {
    for (const Dim& dim : *type.dims) {
      const auto symbol = symbols.find(dim.to_string());
      dims.push_back(dim.is_number() ? dim.number() : symbol != symbols.end() ? symbol->second : 1);
    }
  }
  const DType dtype = type.dtype == DType::kUndefined ? DType::kFloat32 : type.dtype;
  // A stream of its own for each input, so that one input's shape does not change another's values.
  RandomSource random{static_cast<uint64_t>(arguments_->integer(kSeed)) * 1000003 + input};
  random.state = random.next();
  auto tensor = [&]() -> Result<Tensor> {
    switch (spec.kind) {
      case InputSpec::Kind::kConstant: return constant_tensor(dtype, dims, spec.low);
      case InputSpec::Kind::kRange: return random_tensor(dtype, dims, ValueRange{spec.low, spec.high}, random);
      default: return random_tensor(dtype, dims, plausible_range(*graph_, graph_->inputs[input]), random);
    }
  }();
  if (!tensor.ok()) return std::move(tensor).error().at(where);
  return Value(std::move(*tensor));
}

Result<std::vector<Value>> InputSource::load(size_t set) const {
  static const InputSpec kRandom{InputSpec::Kind::kRandom, "", "", 0, 0, "random"};
  std::vector<std::optional<Value>> given(names_.size());
  std::vector<const InputSpec*> made_up(names_.size(), nullptr);
  THANE_TRY(assign(sets_[set], given, made_up));
  std::map<std::string, int64_t> symbols;
  for (size_t i = 0; i < names_.size(); ++i) {
    const Type& type = inner_type(declared_type(*graph_, i));
    if (!given[i] || !given[i]->is_tensor() || !type.dims || type.dims->size() != given[i]->tensor().rank()) continue;
    for (size_t axis = 0; axis < type.dims->size(); ++axis) {
      if ((*type.dims)[axis].is_symbolic())
        symbols.emplace((*type.dims)[axis].to_string(), given[i]->tensor().dim(axis));
    }
  }
  for (const auto& [symbol, size] : shapes_.symbols) symbols[symbol] = size;
  std::vector<Value> values;
  for (size_t i = 0; i < names_.size(); ++i) {
    const Type& type = declared_type(*graph_, i);
    if (given[i]) {
      values.push_back(std::move(*given[i]));
    } else if (made_up[i] || (fill_ && type.kind != TypeKind::kOptional)) {
      THANE_ASSIGN(Value value, make(made_up[i] ? *made_up[i] : kRandom, i, symbols));
      values.push_back(std::move(value));
    } else if (type.kind == TypeKind::kOptional) {
      values.emplace_back();
    } else {
      return invalid_argument("no value is given")
          .at(format("input '{}'", names_[i]))
          .expecting(type.to_string())
          .hinting(format("-i {}=FILE, or -i random for everything that is left", names_[i]));
    }
  }
  return values;
}

Result<std::vector<Type>> InputSource::default_types(const Graph& graph, const Arguments& arguments) {
  std::vector<std::string> names;
  for (ValueId id : graph.inputs) names.push_back(graph.values[id].name);
  THANE_ASSIGN(const ShapeSpecs shapes, parse_shape_specs(arguments.all(kShape), names, symbols_of(graph)));
  std::vector<Type> types;
  for (size_t i = 0; i < names.size(); ++i) {
    Type type = declared_type(graph, i);
    if (const auto given = shapes.inputs.find(names[i]); type.is_tensor() && given != shapes.inputs.end()) {
      type.dims = to_symbolic(given->second);
    } else if (type.is_tensor() && type.dims) {
      for (Dim& dim : *type.dims) {
        const auto symbol = shapes.symbols.find(dim.to_string());
        if (!dim.is_number()) dim = Dim(symbol == shapes.symbols.end() ? 1 : symbol->second);
      }
    }
    types.push_back(std::move(type));
  }
  return types;
}

}  // namespace thane::cli
