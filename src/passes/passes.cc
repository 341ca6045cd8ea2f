#include "passes/passes.h"

#include "base/format.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

#ifdef THANE_CHECKS
constexpr bool kChecks = true;
#else
constexpr bool kChecks = false;
#endif

constexpr Pass kPasses[] = {
    {"align_constants", "small constants unaligned in their file are copied", align_constants},
    {"sink_constants", "constants used by a body move into it", sink_constants},
    {"remove_identities", "nodes that pass their input through are dropped", remove_identities},
    {"widen_halves", "float16 and bfloat16 are computed on in float32, and rounded where somebody looks", widen_halves},
    {"quantized_islands", "what stands between DequantizeLinear and QuantizeLinear runs on integers",
     quantized_islands},
    {"fold_constants", "nodes that depend on constants alone become constants", fold_constants},
    {"inline_constant_ifs", "an If whose condition is known becomes its branch", inline_constant_ifs},
    {"remove_identities", "what inlining left", remove_identities},
    {"fold_constants", "what inlining made constant", fold_constants},
    {"merge_equal_nodes", "equal nodes with equal inputs become one", merge_equal_nodes},
    {"fold_batch_norm", "BatchNormalization after Conv or Gemm moves into its weights", fold_batch_norm},
    {"fold_pads", "zeros around the data of a Conv become its padding", fold_pads},
    {"fold_scales", "constant factors and addends beside Conv move into its weights", fold_scales},
    {"fuse_attention", "attention, spelled out, becomes one op", fuse_attention},
    {"recognise_activations", "SiLU, HardSwish and GELU, spelled out, become one op", recognise_activations},
    {"remove_dead_code", "what they were made of", remove_dead_code},
    {"channels_last", "convolutions and what follows them run with channels last", channels_last},
    {"remove_identities", "transposes that cancelled", remove_identities},
    {"fold_constants", "constants transposed", fold_constants},
    {"fuse_epilogue", "bias, residual and activation join the product before them", fuse_epilogue},
    {"fuse_bottleneck",
     "a depthwise Conv joins the pointwise ones beside it, so that what is between stays in the cache",
     fuse_bottleneck},
    {"remove_dead_code", "nodes and constants that nothing reads are dropped", remove_dead_code},
};

// A pass may change the list of nodes of `graph`, never of the graphs around it: outermost first is safe.
Status run_pass(const Pass& pass, Graph& graph, const PassOptions& options) {
  THANE_TRY(pass.run(graph, options));
  for (Node& node : graph.nodes) {
    for (Subgraph& subgraph : node.subgraphs) THANE_TRY(run_pass(pass, *subgraph.graph, options));
  }
  return ok();
}

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

Status optimise(Graph& graph, const PassOptions& options) {
  for (const Pass& pass : kPasses) {
    THANE_TRY(run_pass(pass, graph, options));
    if (!kChecks && !options.verify_each) continue;
    if (auto status = verify(graph); !status.ok()) {
      return std::move(status).error().at(format("after pass {}", pass.name));
    }
  }
  return ok();
}

}  // namespace thane
