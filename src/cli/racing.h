// What bench and champion share: from a command line to entries, inputs, a reference and a finished document.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "bench/accuracy.h"
#include "bench/race.h"
#include "cli/arguments.h"
#include "cli/data_folder.h"
#include "rivals/installed.h"

namespace thane::cli {

struct ModelFile {
  std::string path;
  std::string kind;              // rivals/kind.h
  std::unique_ptr<Model> model;  // when thane reads it
  std::string refusal;           // else why it does not
  std::string graph;             // of a checkpoint: the file whose graph its weights were bound onto
  // Its own data, where they are not the race's; null: the race's.
  std::shared_ptr<const std::vector<bench::NamedTensor>> inputs;
};

struct Setup {
  std::string home;
  std::unique_ptr<Scratch> scratch;
  std::vector<rivals::Installed> installed;
  std::vector<ModelFile> files;
  const ModelFile* base = nullptr;  // whose graph names the inputs; null when thane reads none of them
  std::vector<bench::NamedTensor> inputs;
  std::vector<bench::Entry> entries;  // who takes part, native ones first
  std::optional<bench::Reference> reference;
  std::vector<std::string> missing;  // rivals that fit the files and are not installed
  std::vector<std::string> remarks;
  bench::RaceOptions race;
  bench::GateOptions gate;
  PipelineOptions pipeline;
  int threads = 1;
  int64_t memory_bytes = 0;  // limit of each worker
};

// Opens the files, makes the inputs, lists the entries. `forms`: the files are forms of one network, so each engine
// takes part with those that are its own, else with the one it likes best, and the native one with all of them;
// otherwise each engine takes part with every file it opens.
Result<Setup> prepare(const Arguments& arguments, bool forms);

// The same entry with other threads.
bench::Entry with_threads(const Setup& setup, const bench::Entry& entry, int threads);

// Runs the reference: the framework that owns the file, where it is installed, else thane's own float64 evaluation.
Status find_reference(Setup& setup);

}  // namespace thane::cli
