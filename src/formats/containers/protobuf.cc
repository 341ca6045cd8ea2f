#include "formats/containers/protobuf.h"

#include "base/format.h"

namespace thane {

Error broken_protobuf(const char* reason, std::string_view message_name) {
  return invalid_model(format("the {} message is damaged ({})", message_name, reason))
      .expecting("a complete protobuf message")
      .hinting("the file may be truncated; fetch or export it again");
}

}  // namespace thane
