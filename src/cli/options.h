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
inline constexpr Option kPrecision = {
    "--precision",
    "P",
    "how far results may stray from plain float32; bf16 halves the weights, auto tries it on the first inputs",
    Takes::kChoice,
    false,
    "exact|fp32|bf16|auto",
    "fp32",
    "THANE_PRECISION"};
inline constexpr Option kMaxError = {
    "--max-error",
    "X",
    "with --precision auto: the largest difference from fp32 allowed, relative to each output's range",
    Takes::kReal,
    false,
    {},
    "0.01"};
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

// ---- weights
inline constexpr Option kWeights = {
    "--weights", "FILE",
    "bind the tensors of a checkpoint (.ckpt, .pt, .pth, .safetensors) in place of the model's own", Takes::kFile};
inline constexpr Option kWeightsPrefix = {"--weights-prefix", "PREFIX",
                                          "bind only tensors whose names start so, as in ema or callbacks.EMA.weights",
                                          Takes::kText};
inline constexpr Option kAllowIncomplete = {
    "--allow-incomplete", "", "bind what fits, and keep the model's own weights for the rest", Takes::kNothing};
inline constexpr Option kWatch = {"--watch", "", "run again whenever the file of --weights changes, until interrupted",
                                  Takes::kNothing};

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

// ---- measuring and racing
inline constexpr Option kHome = {
    "--home", "DIR",       "the data folder: engines and records; else $XDG_DATA_HOME/thane", Takes::kFolder, false, {},
    {},       "THANE_HOME"};
inline constexpr Option kEngine = {"-e,--engine", "NAME[,NAME]",
                                   "engines that take part: native, all, or names as thane engines lists them",
                                   Takes::kText, true};
inline constexpr Option kBatch = {"-b,--batch", "N", "the size of the first dimension, where it is open",
                                  Takes::kInteger};
inline constexpr Option kWarmup = {"-w,--warmup", "N", "runs before measuring; else until the times are steady",
                                   Takes::kInteger};
inline constexpr Option kRuns = {"-r,--runs", "N", "runs per turn; else as many as fit the time", Takes::kInteger};
inline constexpr Option kTime = {"-t,--time", "SECONDS", "to measure, all engines together", Takes::kReal, false,
                                 {},          "10"};
inline constexpr Option kProcesses = {
    "--processes", "N", "fresh processes per engine", Takes::kInteger, false, {}, "4"};
inline constexpr Option kScenario = {
    "--scenario",
    "NAME",
    "single: one run after the other; multi: the latency of several streams; server: random arrivals, "
    "the highest rate that keeps the bound; offline: the throughput of several streams",
    Takes::kChoice,
    false,
    "single|multi|server|offline",
    "single"};
inline constexpr Option kStreams = {
    "--streams", "N", "concurrent streams of multi and offline; 0: one per thread", Takes::kInteger, false, {}, "0"};
inline constexpr Option kBound = {
    "--bound", "MS", "of the server scenario's p99; else five times the first engine's median", Takes::kReal};
inline constexpr Option kModule = {"--module", "FILE[:CLASS]",
                                   "for Lightning checkpoints: your file with the LightningModule; it is executed",
                                   Takes::kText};
inline constexpr Option kAnswers = {"--answers", "FILE",
                                    ".npy with the right class of each row, for the task's accuracy", Takes::kFile};
inline constexpr Option kMaxDrop = {
    "--max-drop", "X", "accuracy (with --answers) or top-1 agreement that may be lost, instead of tolerances",
    Takes::kReal};
inline constexpr Option kGateAtol = {"--atol", "X", "absolute tolerance of the gate", Takes::kReal, false, {}, "1e-3"};
inline constexpr Option kGateRtol = {"--rtol", "X", "relative tolerance of the gate", Takes::kReal, false, {}, "1e-3"};
inline constexpr Option kMemoryLimit = {"--memory-limit", "GIB", "of each worker; else 80% of what is free",
                                        Takes::kReal};
inline constexpr Option kTimeout = {
    "--timeout", "SECONDS", "for an engine to open a model or answer", Takes::kReal, false, {}, "180"};
inline constexpr Option kHtml = {"--html", "FILE", "a report of its own, to open in any browser", Takes::kFile};
inline constexpr Option kMarkdown = {"--markdown", "", "results as Markdown on stdout", Takes::kNothing};
inline constexpr Option kNoRecord = {"--no-record", "", "do not keep the result", Takes::kNothing};
inline constexpr Option kNeed = {
    "--need",       "NEED", "what the champion is for",
    Takes::kChoice, false,  "low-latency|high-throughput|high-precision|cross-platform|rapid-iteration|fast-deploy",
    "low-latency"};
inline constexpr Option kBudget = {"--budget", "TIME", "for everything: 90s, 10m", Takes::kText, false, {}, "2m"};
inline constexpr Option kTuned = {"--tuned", "", "race each engine a second time, tuned with an equal budget",
                                  Takes::kNothing};
inline constexpr Option kNoFlips = {
    "--no-flips", "", "do not look for batch sizes and threads where another engine wins", Takes::kNothing};
inline constexpr Option kInstall = {"--install", "", "install the engines that fit the files first", Takes::kNothing};
inline constexpr Option kTrace = {"--trace", "FILE", "a trace for chrome://tracing or Perfetto", Takes::kFile};
inline constexpr Option kMost = {"--most", "N", "lines to show", Takes::kInteger, false, {}, "20"};
inline constexpr Option kPython = {"--python", "PATH", "an interpreter that has the engine, instead of installing it",
                                   Takes::kFile};
inline constexpr Option kSlower = {"--slower", "PERCENT", "by which times may grow", Takes::kReal, false, {}, "5"};

// ---- help
inline constexpr Option kMan = {"--man", "", "print the man page (troff)", Takes::kNothing};

}  // namespace thane::cli
