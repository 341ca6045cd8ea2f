// The commands' entry points, one file each, and the longer texts that stand beside their code.
#pragma once

#include "cli/command.h"

namespace thane::cli {

int inspect(const Arguments& arguments);
int run(const Arguments& arguments);
int verify(const Arguments& arguments);
int bench_command(const Arguments& arguments);
int champion(const Arguments& arguments);
int profile(const Arguments& arguments);
int engines(const Arguments& arguments);
int history(const Arguments& arguments);
int replay(const Arguments& arguments);
int compare(const Arguments& arguments);
int doctor(const Arguments& arguments);
int help(const Arguments& arguments);
int completions(const Arguments& arguments);

inline constexpr std::string_view kInspectNotes =
    "MACs and memory are those of one run with the shapes given by -s; symbolic dimensions left open count as 1. "
    "Memory is "
    "that of the intermediates (the plan's arena) plus inputs and outputs, weights apart.";
inline constexpr std::string_view kRunNotes =
    "Pictures: the model's input tells layout, channels and size; pixels 0..255 become (pixel * scale - mean) / std, "
    "with "
    "scale 1/255 for float inputs unless --scale says otherwise.\n"
    "Sound: the mean of the channels, -1..1. A fixed window in the model cuts the sound into windows along an open "
    "batch "
    "dimension, the last filled up with zeros.\n"
    "Folders: each file is one run, saved in a folder of its own below -o. A sub-folder is one run too; its files are "
    "named "
    "like the inputs, or input_0, input_1, …";
inline constexpr std::string_view kVerifyNotes =
    "Outputs are matched by name, else by order. The exit code is 1 when an element differs by more than atol + rtol * "
    "|reference|, the first model being the reference. Then the tensors inside that bear the same name in both are "
    "compared, "
    "and the first that differs is named. Without -i the inputs are random, realistic for their type, and the same for "
    "all.";

inline constexpr std::string_view kBenchNotes =
    "Each engine runs in fresh processes of its own; turns are interleaved in rotated order, with everyone else "
    "paused. With "
    "several engines, outputs are compared with those of the framework that owns the file before times count, and a "
    "twin of "
    "the first engine shows the noise: smaller differences are ties. No percentile is shown with fewer than 100 "
    "samples "
    "beyond it.";
inline constexpr std::string_view kChampionNotes =
    "The files are forms of one network, which is checked. Every installed engine that opens one of them takes part "
    "with the "
    "form it likes best. What differs from the framework that owns the file is disqualified. The exit code is 4 for a "
    "tie.\n"
    "Measures: low-latency, the highest percentile there are samples for, at batch 1; high-throughput, inferences per "
    "second; "
    "high-precision, the largest error against a float64 evaluation; cross-platform, the share of the files and "
    "engines that "
    "agree; rapid-iteration, seconds from a changed file to the first output; fast-deploy, seconds to fetch what must "
    "be "
    "installed at 100 Mbit/s and to start cold.";
inline constexpr std::string_view kProfileNotes =
    "roof: the time which the multiply-adds and the bytes would need at the measured peak and bandwidth, as a share of "
    "the "
    "time taken. Bytes are those of inputs and outputs, each once. -v adds why faster kernels refused.";
inline constexpr std::string_view kEnginesNotes =
    "Each engine gets a Python environment of its own below the data folder, with pinned and hash-checked packages; "
    "nothing "
    "else is touched. What a broken try has downloaded is used by the next one. Workers see none of your environment.";

}  // namespace thane::cli
