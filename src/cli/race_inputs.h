// What a race's engines are fed.
#pragma once

#include "cli/racing.h"

namespace thane::cli {

// `batch` > 0: the size of the first dimension, where it is open.
Result<std::vector<bench::NamedTensor>> make_inputs(const Arguments& arguments, const Setup& setup, int64_t batch);

// Different models, side by side: each gets inputs of its own.
Status give_own_inputs(const Arguments& arguments, Setup& setup);

// Forms of one network that do not take the same inputs: those of `-i FILE:NAME=VALUE`; and a form that keeps a state
// from run to run does without the inputs by which others are handed it. Before entries are made.
Status give_forms_inputs(const Arguments& arguments, Setup& setup);

}  // namespace thane::cli
