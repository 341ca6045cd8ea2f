#include "formats/containers/pickle_python.h"

#include <algorithm>
#include <array>

#include "formats/containers/pickle_literals.h"

namespace thane {
namespace {

using Args = std::span<PickleValue* const>;

template <PickleKind kind>
Result<PickleValue*> make_container(PickleTree& tree, Args args) {
  if (args.size() > 1) return nullptr;
  THANE_ASSIGN(PickleValue * made, tree.make(kind));
  if (args.empty()) return made;
  if (!args[0]->is_sequence() && !args[0]->is(PickleKind::kSet)) return nullptr;
  THANE_TRY(tree.claim(args[0]->items.size() * sizeof(void*)));
  made->items = args[0]->items;
  return made;
}

// dict(), dict({…}) or dict([(key, value), …]).
Result<PickleValue*> make_dict(PickleTree& tree, Args args) {
  if (args.size() > 1) return nullptr;
  THANE_ASSIGN(PickleValue * made, tree.make(PickleKind::kDict));
  if (args.empty()) return made;
  THANE_TRY(tree.claim(2 * args[0]->items.size() * sizeof(void*)));
  if (args[0]->is(PickleKind::kDict)) return made->items = args[0]->items, made;
  if (!args[0]->is_sequence()) return nullptr;
  for (const PickleValue* pair : args[0]->items) {
    if (!pair->is_sequence() || pair->items.size() != 2) return nullptr;
    made->items.insert(made->items.end(), pair->items.begin(), pair->items.end());
  }
  return made;
}

// The factory does not matter to a reader.
Result<PickleValue*> make_defaultdict(PickleTree& tree, Args args) {
  return make_dict(tree, args.subspan(args.empty() ? 0 : 1));
}

Result<PickleValue*> make_deque(PickleTree& tree, Args args) {
  return make_container<PickleKind::kList>(tree, args.first(std::min<size_t>(args.size(), 1)));
}

// str → bytes, as pickles of protocol 2 write bytes.
Result<PickleValue*> encode(PickleTree& tree, Args args) {
  if (args.empty() || !args[0]->is(PickleKind::kString)) return nullptr;
  const std::string_view text = args[0]->text;
  const std::string_view encoding = args.size() > 1 && args[1]->is(PickleKind::kString) ? args[1]->text : "utf-8";
  THANE_ASSIGN(PickleValue * made, tree.make(PickleKind::kBytes));
  made->text = text;
  if (encoding == "utf-8" || encoding == "utf8" || encoding == "ascii") return made;
  if (encoding != "latin1" && encoding != "latin-1" && encoding != "iso-8859-1") return nullptr;
  if (std::all_of(text.begin(), text.end(), [](char c) { return !(c & 0x80); })) return made;
  THANE_TRY(tree.claim(text.size()));
  auto plain = latin1_from_utf8(text);
  if (!plain) return nullptr;
  THANE_ASSIGN(made->text, tree.hold(std::move(*plain)));
  return made;
}

Result<PickleValue*> make_bytes(PickleTree& tree, Args args) {
  if (args.empty()) return tree.make(PickleKind::kBytes);
  if (args[0]->is(PickleKind::kString)) return encode(tree, args);
  return args.size() == 1 && args[0]->is(PickleKind::kBytes) ? args[0] : nullptr;
}

template <PickleKind kind>
Result<PickleValue*> same(PickleTree&, Args args) {
  return args.size() == 1 && args[0]->is(kind) ? args[0] : nullptr;
}

// An instance of args[0], the class, without a call: (class, base, state of the base).
Result<PickleValue*> reconstruct(PickleTree& tree, Args args) {
  if (args.size() != 3) return nullptr;
  THANE_ASSIGN(PickleValue * made, tree.make(PickleKind::kObject));
  made->object->callable = args[0];
  if (!args[2]->is(PickleKind::kNone)) made->object->args.push_back(args[2]);
  return made;
}

Result<PickleValue*> new_object(PickleTree& tree, Args args) {
  if (args.empty()) return nullptr;
  THANE_ASSIGN(PickleValue * made, tree.make(PickleKind::kObject));
  made->object->callable = args[0];
  made->object->args.assign(args.begin() + 1, args.end());
  return made;
}

constexpr auto kNames = std::to_array<PickleConstructor>({
    {"_codecs.encode", encode},
    {"builtins.bool", same<PickleKind::kBool>},
    {"builtins.bytearray", make_bytes},
    {"builtins.bytes", make_bytes},
    {"builtins.complex"},
    {"builtins.dict", make_dict},
    {"builtins.float", same<PickleKind::kFloat>},
    {"builtins.frozenset", make_container<PickleKind::kSet>},
    {"builtins.int", same<PickleKind::kInt>},
    {"builtins.list", make_container<PickleKind::kList>},
    {"builtins.object"},
    {"builtins.range"},
    {"builtins.set", make_container<PickleKind::kSet>},
    {"builtins.slice"},
    {"builtins.str", same<PickleKind::kString>},
    {"builtins.tuple", make_container<PickleKind::kTuple>},
    {"collections.Counter", make_dict},
    {"collections.OrderedDict", make_dict},
    {"collections.defaultdict", make_defaultdict},
    {"collections.deque", make_deque},
    {"copyreg.__newobj__", new_object},
    {"copyreg._reconstructor", reconstruct},
});
static_assert(std::is_sorted(kNames.begin(), kNames.end(), [](auto& a, auto& b) { return a.name < b.name; }));

struct Moved {
  std::string_view from, to;  // modules, or packages when they end in a dot
};
constexpr Moved kMoved[] = {
    {"__builtin__", "builtins"},
    {"copy_reg", "copyreg"},
    {"codecs", "_codecs"},
    {"numpy._core.", "numpy.core."},
};

}  // namespace

std::string canonical_global(std::string_view module, std::string_view name) {
  std::string full;
  for (const Moved& moved : kMoved) {
    const bool package = moved.from.ends_with('.');
    if (module == moved.from) full = moved.to;
    if (package && module.starts_with(moved.from)) {
      full = std::string(moved.to) + std::string(module.substr(moved.from.size()));
    }
  }
  if (full.empty()) full = module;
  return full.append(".").append(name);
}

const PickleConstructor* python_constructor(std::string_view name) {
  const auto* found = std::lower_bound(kNames.begin(), kNames.end(), name,
                                       [](const PickleConstructor& row, std::string_view n) { return row.name < n; });
  return found != kNames.end() && found->name == name ? found : nullptr;
}

}  // namespace thane
