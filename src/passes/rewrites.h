// The passes, one file each. Only passes.cc lists them.
#pragma once

#include "passes/passes.h"

namespace thane {

Status align_constants(Graph& graph, const PassOptions& options);
Status sink_constants(Graph& graph, const PassOptions& options);
Status inline_constant_ifs(Graph& graph, const PassOptions& options);
Status widen_halves(Graph& graph, const PassOptions& options);
Status remove_identities(Graph& graph, const PassOptions& options);
Status quantized_islands(Graph& graph, const PassOptions& options);
Status fold_constants(Graph& graph, const PassOptions& options);
Status merge_equal_nodes(Graph& graph, const PassOptions& options);
Status fold_batch_norm(Graph& graph, const PassOptions& options);
Status fold_pads(Graph& graph, const PassOptions& options);
Status fold_scales(Graph& graph, const PassOptions& options);
Status fuse_attention(Graph& graph, const PassOptions& options);
Status recognise_activations(Graph& graph, const PassOptions& options);
Status channels_last(Graph& graph, const PassOptions& options);
Status fuse_epilogue(Graph& graph, const PassOptions& options);
Status fuse_bottleneck(Graph& graph, const PassOptions& options);
Status remove_dead_code(Graph& graph, const PassOptions& options);

}  // namespace thane
