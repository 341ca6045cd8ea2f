// Writes the graph of an exported program for given inputs.
#pragma once

#include "formats/torch/export/program.h"
#include "ir/context.h"
#include "ir/graph.h"

namespace thane::torch {

// All ops of the program that thane lacks, with counts and the nodes' names; ok when there are none.
Status check_ops(const Program& program);

// `inputs`: facts about the user's inputs (in the program's order, kUser only), then the mutated buffers. The graph's
// states are those buffers.
Result<Graph> write_graph(const Program& program, std::span<const Fact> inputs);

// Buffers that a run changes in place without saying so in its signature are added to program.mutated.
Status find_mutated_buffers(Program& program);

}  // namespace thane::torch
