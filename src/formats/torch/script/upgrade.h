// What ops meant in older versions of the format (torch's operator upgraders).
#pragma once

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

// Brings a call of `name`, as a file of format `version` means it, to what the op means today.
Status upgrade_call(Machine& machine, int64_t version, const std::string& name, std::vector<Value>& args,
                    aten::NamedValues& kwargs);

}  // namespace thane::torchscript
