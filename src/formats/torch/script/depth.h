// How deep the interpreter's own recursion may go, whatever a program asks for.
#pragma once

namespace thane::torchscript {

constexpr int kMostDepth = 1200;

// Counts a level for as long as it lives.
class Depth {
 public:
  explicit Depth(int& depth) : depth_(depth) { ++depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;
  ~Depth() { --depth_; }

 private:
  int& depth_;
};

}  // namespace thane::torchscript
