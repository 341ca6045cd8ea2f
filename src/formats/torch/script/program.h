// The code of a TorchScript archive: every file of it parsed, definitions found by qualified name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "formats/torch/script/ast.h"
#include "ir/tensor.h"

namespace thane::torchscript {

struct Class {
  std::string name;  // "__torch__.torch.nn.modules.conv.Conv2d"
  const ClassDef* definition = nullptr;
  // The last part, without the number that torch adds to names it met before.
  std::string_view short_name() const;
};

struct Function {
  std::string name;  // "__torch__.torch.nn.functional.relu"; of methods: class and method
  const FunctionDef* definition = nullptr;
  const Class* owner = nullptr;  // of a method
};

class Program {
 public:
  // One file: "__torch__.torch.nn.functional" and its text. A file that cannot be parsed is an error only for those who
  // look for something in it.
  Status add(const std::string& module, std::shared_ptr<Buffer> source);

  Result<const Class*> find_class(std::string_view qualified) const;
  Result<const Function*> find_function(std::string_view qualified) const;
  // Null when the class has no such method.
  const Function* method(const Class& owner, std::string_view name) const;
  bool has_class(std::string_view qualified) const { return classes_.contains(std::string(qualified)); }
  bool has_function(std::string_view qualified) const { return functions_.contains(std::string(qualified)); }
  const std::map<std::string, Class>& classes() const { return classes_; }

 private:
  struct File {
    std::shared_ptr<Buffer> source;
    std::unique_ptr<Unit> unit;
    std::unique_ptr<Error> error;
  };
  Error missing(std::string_view what, std::string_view qualified) const;

  std::map<std::string, File, std::less<>> files_;
  std::map<std::string, Class> classes_;
  std::unordered_map<std::string, Function> functions_;
  std::unordered_map<std::string, Function> methods_;  // "class.method"
  size_t budget_ = 1'500'000;                          // nodes of all syntax trees
};

}  // namespace thane::torchscript
