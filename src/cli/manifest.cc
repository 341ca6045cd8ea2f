#include "cli/manifest.h"

#include "base/file.h"
#include "base/sha256.h"
#include "cli/settings.h"
#include "cli/version.h"

namespace thane::cli {

void add_manifest(Json& json, const Arguments& arguments, std::span<const std::string> models,
                  const PipelineOptions* options) {
  json.key("manifest").begin_object();
  json.field("thane", kVersion).field("command", arguments.command_line).field("cpu", cpu_facts().model);
  if (options) {
    const int threads = options->session.threads > 0 ? options->session.threads : usable_cores();
    json.field("isa", isa_name(options->session.isa)).field("threads", threads);
    json.field("precision", precision_name(options->session.precision)).field("optimised", options->optimise);
    json.field("seed", options->session.seed);
  }
  json.key("models").begin_array();
  for (const std::string& path : models) {
    json.begin_object().field("path", path);
    if (auto file = MappedFile::open(path); file.ok()) {  // a folder (SavedModel) has no bytes of its own
      json.field("bytes", (*file)->bytes().size()).field("sha256", sha256_hex((*file)->bytes()));
    }
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace thane::cli
