// Ops about the program and the machine it runs on rather than about numbers.
#include "base/format.h"
#include "formats/torch/script/python_ops.h"

namespace thane::torchscript {
namespace program_methods {
namespace {

PythonResult raise(PythonCall& call) {
  std::string message = call.count() > 0 ? to_text(call[0]) : "";
  std::string type = call.count() > 1 && call[1].is_string() ? call[1].string() : "Exception";
  if (type.starts_with("builtins.")) type.erase(0, 9);
  return call.machine.raise(std::move(type), std::move(message));
}

PythonResult nothing(PythonCall&) { return some(Value()); }
PythonResult no(PythonCall&) { return some(false); }
PythonResult yes(PythonCall&) { return some(true); }

PythonResult itself(PythonCall& call) { return call.count() >= 1 ? some(call[0]) : not_mine(); }

PythonResult device(PythonCall& call) {
  if (call.count() >= 1 && call[0].is_string()) return some(call[0].string());
  return some("cpu");
}

PythonResult wait(PythonCall& call) {
  const auto future = call.count() == 1 ? as<FutureValue>(call[0]) : nullptr;
  return future ? some(future->value) : itself(call);
}

PythonResult cpu_count(PythonCall&) { return some(0); }

PythonResult unwrap(PythonCall& call) {
  if (call.count() != 1) return not_mine();
  if (call[0].is_none()) return call.machine.raise("RuntimeError", "an optional that is None");
  return some(call[0]);
}

constexpr PythonOp kOps[] = {{"prim::RaiseException", raise},
                             {"prim::raise", raise},
                             {"prim::unchecked_unwrap_optional", itself},
                             {"prim::unchecked_cast", itself},
                             {"_unwrap_optional", unwrap},
                             {"prim::Print", nothing},
                             {"warn", nothing},
                             {"wait", wait},
                             {"prim::awaitable_wait", wait},
                             {"device", device},
                             {"prim::device", device},
                             {"prim::type", device},
                             {"is_grad_enabled", yes},
                             {"set_grad_enabled", nothing},
                             {"is_autocast_enabled", no},
                             {"is_autocast_cpu_enabled", no},
                             {"prim::is_cuda", no},
                             {"prim::is_cpu", yes},
                             {"prim::is_mps", no},
                             {"prim::is_xla", no},
                             {"prim::is_xpu", no},
                             {"prim::is_mkldnn", no},
                             {"prim::is_meta", no},
                             {"prim::is_nested", no},
                             {"prim::is_sparse", no},
                             {"prim::is_sparse_csr", no},
                             {"prim::is_vulkan", no},
                             {"prim::is_ipu", no},
                             {"prim::is_maia", no},
                             {"prim::requires_grad", yes},
                             {"requires_grad_", itself},
                             {"prim::grad", nothing},
                             {"prim::layout", cpu_count},
                             {"prim::data", itself},
                             {"cuda::_set_device", nothing},
                             {"cuda::is_available", no},
                             {"manual_seed", nothing},
                             {"_get_tracing_state", no},
                             {"prim::AutogradAnyNonZero", no},
                             {"profiler::_record_function_enter_new", nothing},
                             {"profiler::_record_function_enter", nothing},
                             {"profiler::_record_function_exit", nothing}};

}  // namespace
}  // namespace program_methods

std::span<const PythonOp> program_ops() { return program_methods::kOps; }

}  // namespace thane::torchscript
