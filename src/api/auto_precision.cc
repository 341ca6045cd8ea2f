#include "api/auto_precision.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "api/compare.h"
#include "base/clock.h"
#include "base/format.h"

namespace thane {
namespace {

constexpr int kMostRounds = 10, kLeastRounds = 2;
constexpr double kTrialSeconds = 0.3;  // after which no further round begins
constexpr double kWorthwhile = 0.97;   // of fp32's time

// The largest difference in parts of the largest magnitude; infinite where results differ in more than that.
double relative_error(const std::vector<Value>& values, const std::vector<Value>& references) {
  double worst = 0;
  for (size_t i = 0; i < references.size(); ++i) {
    const Difference d = compare(values[i], references[i], {0, 0});
    const Type type = references[i].type();
    const bool rounded = type.is_tensor() && (mask_of(type.dtype) & kFloats);
    if (!d.structure.empty() || (!rounded && !d.within)) return HUGE_VAL;
    if (d.max_error > 0) worst = std::max(worst, d.max_reference > 0 ? d.max_error / d.max_reference : d.max_error);
  }
  return worst;
}

class AutoPrecisionSession : public Session {
 public:
  static Result<std::unique_ptr<Session>> create(const Model& model, PipelineOptions options) {
    auto session = std::make_unique<AutoPrecisionSession>(options.session.max_error);
    if (!options.session.pool) options.session.pool = std::make_shared<ThreadPool>(options.session.threads);
    if (options.session.observer) {
      // What is timed are the caller's runs, not the trial's.
      options.session.observer = [own = session.get(),
                                  observer = std::move(options.session.observer)](const StepTime& time) {
        if (!own->trying_) observer(time);
      };
    }
    options.session.precision = Precision::kFp32;
    THANE_ASSIGN(session->fp32_, make_session(model, options));
    options.session.precision = Precision::kBf16;
    THANE_ASSIGN(session->bf16_, make_session(model, options));
    return std::unique_ptr<Session>(std::move(session));
  }
  explicit AutoPrecisionSession(double max_error) : max_error_(max_error) {}

  Result<std::vector<Value>> run(std::span<const Value> inputs) const override {
    THANE_ASSIGN(const Session* session, chosen([&](const Session& one) { return one.run(inputs); }));
    return session->run(inputs);
  }
  Result<std::vector<Value>> run_explicit(std::span<const Value> inputs) const override {
    THANE_ASSIGN(const Session* session, chosen([&](const Session& one) { return one.run_explicit(inputs); }));
    return session->run_explicit(inputs);
  }
  void reset_states() const override {
    std::lock_guard lock(mutex_);
    for (const auto* session : {&fp32_, &bf16_}) {
      if (*session) (*session)->reset_states();
    }
  }
  const Graph& graph() const override {
    std::lock_guard lock(mutex_);
    return (fp32_ ? fp32_ : bf16_)->graph();
  }
  std::string remark() const override {
    std::lock_guard lock(mutex_);
    return remark_;
  }

 private:
  template <class Run>
  Result<const Session*> chosen(const Run& run) const {
    std::lock_guard lock(mutex_);
    if (fp32_ && bf16_) {
      trying_ = true;
      Status status = choose(run);
      trying_ = false;
      if (!status.ok()) return std::move(status).error();
    }
    return (fp32_ ? fp32_ : bf16_).get();
  }

  template <class Run>
  Status choose(const Run& run) const {
    THANE_ASSIGN(const std::vector<Value> reference, run(*fp32_));
    THANE_ASSIGN(const std::vector<Value> values, run(*bf16_));
    const double error = relative_error(values, reference);
    const bool within = error <= max_error_;
    double fp32_seconds = HUGE_VAL, bf16_seconds = HUGE_VAL;
    if (within) THANE_TRY(time_both(run, fp32_seconds, bf16_seconds));
    const bool faster = bf16_seconds < kWorthwhile * fp32_seconds;
    remark_ = format("precision {}: bf16 strays by {:.2g} ({:.2g} allowed)", within && faster ? "bf16" : "fp32", error,
                     max_error_);
    if (within) remark_ += format(" and takes {:.2f} of fp32's time", bf16_seconds / fp32_seconds);
    (within && faster ? fp32_ : bf16_).reset();
    (fp32_ ? fp32_ : bf16_)->reset_states();
    return ok();
  }

  // The least of a few turns each.
  template <class Run>
  Status time_both(const Run& run, double& fp32_seconds, double& bf16_seconds) const {
    const double begin = monotonic_seconds();
    for (int round = 0; round < kMostRounds; ++round) {
      if (round >= kLeastRounds && monotonic_seconds() - begin > kTrialSeconds) break;
      for (const bool fp32 : {true, false}) {
        const double start = monotonic_seconds();
        THANE_TRY(run(fp32 ? *fp32_ : *bf16_));
        double& least = fp32 ? fp32_seconds : bf16_seconds;
        least = std::min(least, monotonic_seconds() - start);
      }
    }
    return ok();
  }

  double max_error_;
  mutable std::mutex mutex_;  // both sessions are there until one is chosen
  mutable std::unique_ptr<Session> fp32_, bf16_;
  mutable bool trying_ = false;
  mutable std::string remark_;
};

}  // namespace

Result<std::unique_ptr<Session>> make_auto_precision_session(const Model& model, const PipelineOptions& options) {
  return AutoPrecisionSession::create(model, options);
}

}  // namespace thane
