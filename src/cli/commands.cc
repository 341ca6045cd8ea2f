#include "cli/commands.h"

#include <algorithm>
#include <array>

#include "cli/options.h"

namespace thane::cli {
namespace {

constexpr Example kInspectExamples[] = {
    {"inspect model.onnx", "inputs, outputs, ops, weights, cost"},
    {"inspect model.onnx -s batch=8", "cost for a batch of 8"},
    {"inspect model.onnx --stage=plan", "every step, its kernel, and why faster ones refused"},
    {"inspect old.onnx new.onnx", "what differs"},
    {"inspect last.ckpt", "epoch, hyper-parameters, callbacks, optimizers, weights of a checkpoint"},
    {"inspect model.onnx --weights last.ckpt", "which weights a checkpoint binds"},
};
constexpr const Option* kInspectOptions[] = {
    &kShape,     &kWeights,  &kWeightsPrefix, &kAllowIncomplete, &kSignature, &kOutputNames, &kStage,   &kThreads,
    &kPrecision, &kMaxError, &kIsa,           &kNoOptimise,      &kJson,      &kQuiet,       &kVerbose, &kHelp};

constexpr Example kRunExamples[] = {
    {"run model.onnx -i cat.jpg --top 5 --labels labels.txt", "classify a picture"},
    {"run model.onnx -i x.npy -o out", "save the outputs as .npy and list them in out/outputs.json"},
    {"run model.onnx -i image=pictures/ -o out", "one run per file of a folder"},
    {"run bert.onnx -i input_ids=0:30522 -i attention_mask=ones -s seq=128", "made-up inputs"},
    {"run vad.onnx -i input=speech.wav --rate 16000 -i state=zeros -i sr=16000", "sound, a state, a number"},
    {"run model.onnx --weights last.ckpt -i x.npy", "with the weights of a checkpoint"},
    {"run model.onnx --weights last.ckpt --watch -i x.npy", "again whenever training saves"},
};
constexpr const Option* kRunOptions[] = {&kInput, &kShape,      &kWeights,     &kWeightsPrefix, &kAllowIncomplete,
                                         &kWatch, &kSignature,  &kOutputNames, &kSaveOutputs,   &kOutputFormat,
                                         &kTop,   &kLabels,     &kResize,      &kMean,          &kStd,
                                         &kScale, &kLayout,     &kChannels,    &kGray,          &kRate,
                                         &kCast,  &kThreads,    &kPrecision,   &kMaxError,      &kIsa,
                                         &kSeed,  &kNoOptimise, &kJson,        &kQuiet,         &kVerbose,
                                         &kHelp};

constexpr Example kVerifyExamples[] = {
    {"verify model.onnx optimised.onnx", "same random inputs through both"},
    {"verify model.onnx quantized.onnx -i x.npy --atol 0.1", "on real data, with a tolerance"},
    {"verify model.onnx --settings precision=exact,fp32 --settings threads=1,4", "one model at several settings"},
};
constexpr const Option* kVerifyOptions[] = {&kInput,     &kShape,       &kWeights,  &kWeightsPrefix, &kAllowIncomplete,
                                            &kSignature, &kOutputNames, &kSettings, &kAtol,          &kRtol,
                                            &kResize,    &kMean,        &kStd,      &kScale,         &kLayout,
                                            &kChannels,  &kGray,        &kRate,     &kCast,          &kThreads,
                                            &kPrecision, &kMaxError,    &kIsa,      &kSeed,          &kNoOptimise,
                                            &kJson,      &kQuiet,       &kVerbose,  &kHelp};

constexpr Example kBenchExamples[] = {
    {"bench model.onnx", "latency, throughput, memory and load time of the native engine"},
    {"bench model.onnx -e native,onnxruntime,openvino -t 30", "against rivals, outputs compared first"},
    {"bench model.onnx --scenario multi --streams 4 --threads 1", "four streams at a time"},
    {"bench model.onnx -e all --json", "everything, for programs"},
};
constexpr const Option* kBenchOptions[] = {&kEngine,     &kTime,        &kScenario,  &kThreads,       &kBatch,
                                           &kStreams,    &kBound,       &kWarmup,    &kRuns,          &kProcesses,
                                           &kInput,      &kShape,       &kWeights,   &kWeightsPrefix, &kAllowIncomplete,
                                           &kSignature,  &kOutputNames, &kPrecision, &kMaxError,      &kIsa,
                                           &kNoOptimise, &kModule,      &kGateAtol,  &kGateRtol,      &kMaxDrop,
                                           &kAnswers,    &kResize,      &kMean,      &kStd,           &kScale,
                                           &kLayout,     &kChannels,    &kGray,      &kRate,          &kCast,
                                           &kSeed,       &kMemoryLimit, &kTimeout,   &kHtml,          &kMarkdown,
                                           &kNoRecord,   &kHome,        &kJson,      &kQuiet,         &kVerbose,
                                           &kHelp};

constexpr Example kChampionExamples[] = {
    {"champion m.onnx m.tflite m.pt --need low-latency", "who answers fastest here"},
    {"champion m.onnx m_savedmodel --need high-throughput --budget 10m --html report.html", "with a report"},
    {"champion m.onnx m.tflite --need high-precision -i x.npy --answers y.npy --max-drop 0.01", "on your data"},
};
constexpr const Option* kChampionOptions[] = {
    &kNeed,     &kBudget,    &kTuned,    &kNoFlips, &kInstall,   &kEngine,      &kThreads,     &kBatch,    &kStreams,
    &kWarmup,   &kProcesses, &kInput,    &kShape,   &kSignature, &kOutputNames, &kPrecision,   &kMaxError, &kIsa,
    &kModule,   &kGateAtol,  &kGateRtol, &kMaxDrop, &kAnswers,   &kResize,      &kMean,        &kStd,      &kScale,
    &kLayout,   &kChannels,  &kGray,     &kRate,    &kCast,      &kSeed,        &kMemoryLimit, &kTimeout,  &kHtml,
    &kMarkdown, &kNoRecord,  &kHome,     &kJson,    &kQuiet,     &kVerbose,     &kHelp};

constexpr Example kProfileExamples[] = {
    {"profile model.onnx", "time per kind of op and per node"},
    {"profile model.onnx --trace trace.json", "a timeline for Perfetto"},
};
constexpr const Option* kProfileOptions[] = {
    &kTime,      &kMost,        &kTrace,   &kInput,     &kShape,    &kWeights, &kWeightsPrefix, &kAllowIncomplete,
    &kSignature, &kOutputNames, &kThreads, &kPrecision, &kMaxError, &kIsa,     &kNoOptimise,    &kResize,
    &kMean,      &kStd,         &kScale,   &kLayout,    &kChannels, &kGray,    &kRate,          &kCast,
    &kSeed,      &kJson,        &kQuiet,   &kVerbose,   &kHelp};

constexpr Example kEnginesExamples[] = {
    {"engines", "what is installed, and what can be"},
    {"engines add onnxruntime litert", "install two rivals"},
    {"engines add torch --python ~/venv/bin/python", "use one you have"},
    {"engines remove litert", "and its packages"},
};
constexpr const Option* kEnginesOptions[] = {&kPython, &kHome, &kJson, &kQuiet, &kHelp};

constexpr Example kHistoryExamples[] = {{"history", "the latest results"},
                                        {"history 7f3c --html report.html", "one of them"}};
constexpr const Option* kHistoryOptions[] = {&kMost, &kHtml, &kMarkdown, &kHome, &kJson, &kQuiet, &kHelp};
constexpr Example kReplayExamples[] = {{"replay 7f3c", "measure again what was measured then"}};
constexpr const Option* kReplayOptions[] = {&kHome, &kQuiet, &kHelp};
constexpr Example kCompareExamples[] = {
    {"compare 7f3c 91ab --slower 5", "exit code 1 when an engine got over 5% slower"}};
constexpr const Option* kCompareOptions[] = {&kSlower, &kHome, &kJson, &kQuiet, &kHelp};

constexpr Example kDoctorExamples[] = {{"doctor", "what this machine offers, and what is missing"}};
constexpr const Option* kDoctorOptions[] = {&kJson, &kQuiet, &kVerbose, &kHelp};

constexpr Example kHelpExamples[] = {{"help run", "help on a command"}, {"help --man | man -l -", "the man page"}};
constexpr const Option* kHelpOptions[] = {&kMan, &kHelp};

constexpr Example kCompletionsExamples[] = {
    {"completions bash > ~/.local/share/bash-completion/completions/thane", "for bash"},
    {"completions zsh > ~/.zfunc/_thane", "for zsh, where fpath has ~/.zfunc"},
    {"completions fish > ~/.config/fish/completions/thane.fish", "for fish"},
};
constexpr const Option* kCompletionsOptions[] = {&kHelp};

constexpr Command kCommands[] = {
    {"inspect", "MODEL [OTHER]", 1, 2, Takes::kFile, "what is in a model; with two models, what differs",
     kInspectExamples, kInspectOptions, kInspectNotes, inspect},
    {"run", "MODEL -i [NAME=]FILE…", 1, 1, Takes::kFile, "run a model on files, or once per file of a folder",
     kRunExamples, kRunOptions, kRunNotes, run},
    {"verify", "MODEL [MODEL…]", 1, 16, Takes::kFile, "the same inputs through several models or settings, compared",
     kVerifyExamples, kVerifyOptions, kVerifyNotes, verify},
    {"bench", "MODEL [MODEL…]", 1, 16, Takes::kFile,
     "latency, throughput, memory and load time, natively and in rivals", kBenchExamples, kBenchOptions, kBenchNotes,
     bench_command},
    {"champion", "FILE [FILE…] --need NEED", 1, 16, Takes::kFile, "the best engine for a need, with evidence",
     kChampionExamples, kChampionOptions, kChampionNotes, champion},
    {"profile", "MODEL", 1, 1, Takes::kFile, "time per op and per node, against what the CPU could do",
     kProfileExamples, kProfileOptions, kProfileNotes, profile},
    {"engines", "[list | add NAME… | remove NAME…]", 0, 16, Takes::kText, "the real frameworks on this machine",
     kEnginesExamples, kEnginesOptions, kEnginesNotes, engines},
    {"history", "[ID]", 0, 1, Takes::kText, "what was measured before", kHistoryExamples, kHistoryOptions, {}, history},
    {"replay", "ID", 1, 1, Takes::kText, "measure again", kReplayExamples, kReplayOptions, {}, replay},
    {"compare",
     "ID ID",
     2,
     2,
     Takes::kText,
     "two results, for a regression gate",
     kCompareExamples,
     kCompareOptions,
     {},
     compare},
    {"doctor",
     "",
     0,
     0,
     Takes::kNothing,
     "what this machine offers, and what is missing",
     kDoctorExamples,
     kDoctorOptions,
     {},
     doctor},
    {"help", "[COMMAND]", 0, 1, Takes::kText, "help on a command", kHelpExamples, kHelpOptions, {}, help},
    {"completions",
     "bash|zsh|fish",
     1,
     1,
     Takes::kText,
     "a completion script for a shell",
     kCompletionsExamples,
     kCompletionsOptions,
     {},
     completions},
};

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == std::end(kCommands) ? nullptr : found;
}

}  // namespace thane::cli
