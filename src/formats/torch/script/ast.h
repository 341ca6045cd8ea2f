// The syntax tree of serialized TorchScript: the subset of Python that torch.jit.save writes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace thane::torchscript {

struct Expr {
  enum class Kind : uint8_t {
    kNone,
    kBool,       // integer
    kInt,        // integer
    kFloat,      // real
    kImaginary,  // real
    kString,     // text
    kName,       // text
    kEllipsis,
    kAttribute,  // items[0].text
    kSubscript,  // items[0][items[1]]
    kSlice,      // start, stop, step; null where left out
    kCall,       // items[0](items[1], …); the last keywords.size() of them by keyword
    kTuple,      // items; the callee of no call
    kList,       // items
    kSet,        // items
    kDict,       // key, value, key, value, …
    kListComp,   // [items[0] for items[1] in items[2] (if items[3])…]
    kDictComp,   // {items[0]: items[1] for items[2] in items[3] (if items[4])…}
    kUnary,      // text items[0]
    kBinary,     // items[0] text items[1]; "and", "or", "is not", "not in" and comparisons, too
    kTernary     // items[1] if items[0] else items[2]
  };
  Kind kind = Kind::kNone;
  uint16_t depth = 1;  // of the tree below
  uint32_t line = 0;
  union {
    int64_t integer = 0;
    double real;
  };
  std::string_view text;
  std::vector<const Expr*> items;
  std::vector<std::string_view> keywords;

  bool is_name(std::string_view name) const { return kind == Kind::kName && text == name; }
};
using ExprKind = Expr::Kind;

struct FunctionDef;

struct Stmt;
using Block = std::vector<const Stmt*>;

struct Stmt {
  enum class Kind : uint8_t {
    kExpression,  // value
    kAssign,      // targets = value
    kAugmented,   // targets[0] text= value
    kDeclare,     // targets[0] : annotation (= value)
    kIf,          // value, body, orelse
    kWhile,       // value, body
    kFor,         // targets[0] in value, body
    kWith,        // value (as targets[0]), body
    kReturn,      // value or null
    kRaise,       // value or null
    kAssert,      // value, message
    kPass,
    kBreak,
    kContinue,
    kFunction
  };
  Kind kind = Kind::kPass;
  uint32_t line = 0;
  std::string_view text;
  std::vector<const Expr*> targets;
  const Expr* value = nullptr;
  const Expr* annotation = nullptr;
  const Expr* message = nullptr;
  const FunctionDef* function = nullptr;
  Block body, orelse;
};

struct Parameter {
  std::string_view name;
  const Expr* type = nullptr;     // null: not said
  const Expr* initial = nullptr;  // default value
};

struct FunctionDef {
  std::string_view name;
  uint32_t line = 0;
  std::vector<Parameter> parameters;
  const Expr* returns = nullptr;
  Block body;
};

struct ClassDef {
  std::string_view name;
  uint32_t line = 0;
  std::string_view base;          // "Module", "NamedTuple", "Interface", "Enum", "" (a plain class)
  std::vector<Parameter> fields;  // "name : type = value", in order; of enums without a type
  std::vector<FunctionDef> methods;

  const FunctionDef* method(std::string_view wanted) const;
  const Parameter* field(std::string_view wanted) const;
};

// One file of code. Texts are views of the source, which its owner keeps; nodes live as long as the unit.
struct Unit {
  std::deque<ClassDef> classes;
  std::deque<FunctionDef> functions;

  std::deque<Expr> exprs;
  std::deque<Stmt> stmts;
  std::deque<FunctionDef> local_functions;
  std::deque<std::string> texts;  // strings that have escapes

  const ClassDef* find_class(std::string_view name) const;
  const FunctionDef* find_function(std::string_view name) const;
};

}  // namespace thane::torchscript
