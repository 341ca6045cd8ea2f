// Protobuf's text form of TensorFlow's messages (.pbtxt) → their binary form, which the rest of the reader knows.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace thane::tensorflow {

enum class TextRoot { kNone, kGraphDef, kMetaGraphDef, kSavedModel };

// Which message a text is, by its first field; kNone for what is no such text.
TextRoot text_root(std::string_view text);

// Fields that thane does not read are skipped.
Result<std::string> text_to_binary(std::string_view text, TextRoot root);

}  // namespace thane::tensorflow
