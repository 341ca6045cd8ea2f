// A node in ONNX's own words, of whatever version: what upgrades work on. Names, not ids; attributes by name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "formats/onnx/proto.h"
#include "ir/attrs.h"

namespace thane::onnx {

struct Scope;

// A graph attribute, and the scope in which its free names and attribute references are looked up.
struct ForeignGraph {
  Bytes message;
  const Scope* scope = nullptr;
};

struct ForeignNode {
  std::string domain;  // "" for ai.onnx
  std::string op;
  std::string overload;
  std::string name;
  int64_t version = 0;                       // of its domain's op set
  std::vector<std::string> inputs, outputs;  // "": absent
  AttrMap attrs;
  std::vector<std::pair<std::string, ForeignGraph>> graphs;
};

}  // namespace thane::onnx
