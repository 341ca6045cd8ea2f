// What a checkpoint says about the training it comes from: Lightning's keys (all versions), and those that training
// scripts commonly write beside a state_dict.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint/checkpoint.h"

namespace thane::lightning {

// Tensors below one place of a checkpoint.
struct Amount {
  int64_t tensors = 0, elements = 0, bytes = 0;
};

struct Optimizer {
  std::string place;                     // "optimizer_states[0]"
  size_t groups = 0;                     // parameter groups
  std::vector<double> rates;             // their learning rates
  std::vector<std::string> state_names;  // "step", "exp_avg", "exp_avg_sq"
  Amount state;
};

struct Entry {
  std::string name;
  const PickleValue* value = nullptr;
};

struct Training {
  std::optional<int64_t> epoch, global_step;
  std::string version;       // of Lightning; empty: not by Lightning
  std::string hparams_name;  // the argument that held the hyper-parameters
  std::vector<Entry> hyper_parameters;
  std::vector<Entry> callbacks;
  std::vector<Optimizer> optimizers;
  std::vector<Entry> schedulers;
  std::vector<Entry> loops;
  std::vector<Entry> others;  // root entries that are none of these and no weights
};

Training training_of(const Checkpoint& checkpoint);

// Which of the checkpoint's tensors are the network's weights: those of state_dict (Lightning), of the entry that
// scripts keep them in ("model_state_dict", "model", …), else all. `prefix` is what their names have in front for that:
// "state_dict."; empty for all.
std::vector<size_t> weights_of(const Checkpoint& checkpoint, std::string* prefix = nullptr);

Amount amount(const Checkpoint& checkpoint, std::string_view name_prefix);

}  // namespace thane::lightning
