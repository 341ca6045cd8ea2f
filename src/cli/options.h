// Every option, once. Commands list the ones they take; code asks Arguments for them by these names.
#pragma once

#include "cli/command.h"

namespace thane::cli {

inline constexpr Option kHelp = {"-h,--help", "", "show help", Takes::kNothing};
inline constexpr Option kJson = {"--json", "", "results as JSON on stdout", Takes::kNothing};
inline constexpr Option kQuiet = {"-q,--quiet", "", "no notes and no progress", Takes::kNothing};
inline constexpr Option kVerbose = {"-v,--verbose", "", "more detail", Takes::kNothing};

// ---- inputs
inline constexpr Option kInput = {"-i,--input", "[NAME=]FILE",
                                  "a value for an input: .npy .npz .pb .png .jpg .webp .jp2 .bmp .wav .txt, a folder "
                                  "of them, or random, zeros, ones, a number, "
                                  "or A:B (random in [A, B)); without NAME, inputs are filled in the model's order",
                                  Takes::kFile, true};
inline constexpr Option kShape = {
    "-s,--shape", "[NAME=]SHAPE",
    "the shape of an input (x=1x3x224x224) or the size of a symbolic dimension (batch=4); symbols left open are 1",
    Takes::kText, true};
inline constexpr Option kCast = {
    "--cast", "", "convert inputs of another dtype; to integers only whole numbers in range", Takes::kNothing};
inline constexpr Option kResize = {"--resize", "HxW", "size to resize pictures to; else the model's", Takes::kSize};
inline constexpr Option kLayout = {"--layout",     "LAYOUT", "order of a picture's axes; else deduced from the model",
                                   Takes::kChoice, false,    "nchw|nhwc"};
inline constexpr Option kChannels = {"--channels",   "N",   "channels of pictures; else deduced from the model",
                                     Takes::kChoice, false, "1|3|4"};
inline constexpr Option kGray = {"--gray", "", "the same as --channels 1", Takes::kNothing};
inline constexpr Option kScale = {"--scale", "X", "factor for pixels 0..255; else 1/255 for floats, 1 for integers",
                                  Takes::kReal};
inline constexpr Option kMean = {"--mean", "X[,X,X]", "subtracted from scaled pixels, per channel", Takes::kReals};
inline constexpr Option kStd = {"--std", "X[,X,X]", "divides what is left, per channel", Takes::kReals};
inline constexpr Option kRate = {"--rate", "HZ", "the sample rate which the model wants: other .wav files are refused",
                                 Takes::kInteger};

// ---- outputs
inline constexpr Option kSaveOutputs = {"-o,--save-outputs", "DIR", "write a file per output, and outputs.json",
                                        Takes::kFolder};
inline constexpr Option kOutputFormat = {"--output-format", "FORMAT", "of the files of -o", Takes::kChoice, false,
                                         "npy|pb",          "npy"};
inline constexpr Option kTop = {"--top", "K", "show the K largest scores of the last axis", Takes::kInteger};
inline constexpr Option kLabels = {"--labels", "FILE", "names of the classes, one per line", Takes::kFile};

// ---- how to run
inline constexpr Option kThreads = {
    "--threads", "N", "threads; 0: one per usable core", Takes::kInteger, false, {}, "0", "THANE_THREADS"};
inline constexpr Option kPrecision = {"--precision",
                                      "P",
                                      "how far results may stray from plain float32",
                                      Takes::kChoice,
                                      false,
                                      "exact|fp32|bf16|auto",
                                      "fp32",
                                      "THANE_PRECISION"};
inline constexpr Option kIsa = {"--isa",
                                "LEVEL",
                                "instruction sets to use at most",
                                Takes::kChoice,
                                false,
                                "portable|neon|avx2|avx512|avx512vnni|avx512bf16",
                                {},
                                "THANE_ISA"};
inline constexpr Option kSeed = {"--seed", "N", "of random inputs and random ops", Takes::kInteger, false, {}, "0"};
inline constexpr Option kNoOptimise = {"--no-optimise", "", "run the graph as it was imported", Takes::kNothing};

// ---- which part of a model
inline constexpr Option kSignature = {"--signature,--method", "NAME",
                                      "the signature or method to use, where the file has several", Takes::kText};
inline constexpr Option kOutputNames = {"--outputs", "NAME[,NAME]",
                                        "the values to deliver, for graphs that declare no outputs", Takes::kText};

// ---- inspect
inline constexpr Option kStage = {"--stage",
                                  "STAGE",
                                  "print the graph in its text form: as imported, after the passes, or as "
                                  "the plan of steps",
                                  Takes::kChoice,
                                  false,
                                  "import|optimised|plan"};

// ---- verify
inline constexpr Option kSettings = {"--settings", "KEY=A,B",
                                     "run each model at several settings: precision, threads, isa, "
                                     "optimise",
                                     Takes::kText, true};
inline constexpr Option kAtol = {"--atol", "X", "absolute tolerance", Takes::kReal, false, {}, "1e-4"};
inline constexpr Option kRtol = {"--rtol", "X", "relative tolerance", Takes::kReal, false, {}, "1e-3"};

// ---- help
inline constexpr Option kMan = {"--man", "", "print the man page (troff)", Takes::kNothing};

}  // namespace thane::cli
