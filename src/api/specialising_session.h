// Sessions of models whose graph depends on the inputs' shapes (Model::specialise).
#pragma once

#include <memory>

#include "api/pipeline.h"

namespace thane {

// `model` must outlive the session.
Result<std::unique_ptr<Session>> make_specialising_session(const Model& model, const PipelineOptions& options);

}  // namespace thane
