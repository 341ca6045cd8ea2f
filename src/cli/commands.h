// The commands' entry points, one file each, and the longer texts that stand beside their code.
#pragma once

#include "cli/command.h"

namespace thane::cli {

int inspect(const Arguments& arguments);
int run(const Arguments& arguments);
int verify(const Arguments& arguments);
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

}  // namespace thane::cli
