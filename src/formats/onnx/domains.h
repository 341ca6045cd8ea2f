// Which op of thane a foreign name means. Domains other than ai.onnx's own map by one row per op.
#pragma once

#include <span>
#include <string_view>

#include "ir/op_def.h"

namespace thane::onnx {

class Rewrite;

// One op of a vendor's domain: what it is called here, and, where names or attributes differ, the function that puts it
// into those words (it may also compose it of several ops).
struct DomainOp {
  std::string_view name;  // in the vendor's domain
  Domain domain;          // of the op that computes it
  std::string_view op;
  Status (*rewrite)(Rewrite&) = nullptr;
};

// com.microsoft: what optimisers and quantisers of ONNX Runtime emit (microsoft.cc).
std::span<const DomainOp> microsoft_ops();
// Any op of com.microsoft.nchwc, whose tensors are laid out for one CPU: its row says what to do instead.
const DomainOp& blocked_op();
// What stands in ai.onnx's domain without being in its newest op set: experiments of 2017, and an op of ONNX Runtime's
// optimiser.
std::span<const DomainOp> odd_onnx_ops();

inline constexpr std::string_view kTrainingDomain = "ai.onnx.preview.training";
// The domain under which a rewrite can name thane's own ops (Domain::kThane); no file can spell it.
inline constexpr std::string_view kThaneDomain = "\x01thane";

// Spellings of a domain: "ai.onnx" is "".
std::string_view canonical_domain(std::string_view domain);
// Newest version of a domain's op set known here; 0 for domains without versions of interest.
int64_t newest_version(std::string_view domain);
// Row of a vendor's op, or null.
const DomainOp* find_vendor_op(std::string_view domain, std::string_view name);
// The op of one of ONNX's own domains, or null.
const OpDef* find_standard_op(std::string_view domain, std::string_view name);

}  // namespace thane::onnx
