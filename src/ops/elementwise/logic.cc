// Comparisons, boolean and bitwise logic. Bools are read as bytes: whatever is not 0 is true.
#include "ops/elementwise/binary.h"
#include "ops/families.h"

namespace thane {
namespace {

struct Equal {
  template <class T>
  static uint8_t apply(const T& a, const T& b) {
    return a == b;
  }
};
struct Less {
  template <class T>
  static uint8_t apply(T a, T b) {
    return a < b;
  }
};
struct LessOrEqual {
  template <class T>
  static uint8_t apply(T a, T b) {
    return a <= b;
  }
};
struct SameTruth {
  static uint8_t apply(uint8_t a, uint8_t b) { return (a != 0) == (b != 0); }
};
struct And {
  static uint8_t apply(uint8_t a, uint8_t b) { return a != 0 && b != 0; }
};
struct Or {
  static uint8_t apply(uint8_t a, uint8_t b) { return a != 0 || b != 0; }
};
struct Xor {
  static uint8_t apply(uint8_t a, uint8_t b) { return (a != 0) != (b != 0); }
};
struct BitAnd {
  template <class T>
  static T apply(T a, T b) {
    return a & b;
  }
};
struct BitOr {
  template <class T>
  static T apply(T a, T b) {
    return a | b;
  }
};
struct BitXor {
  template <class T>
  static T apply(T a, T b) {
    return a ^ b;
  }
};
// Shifts by the width and more leave nothing.
struct ShiftLeft {
  template <class T>
  static T apply(T a, T b) {
    return b < sizeof(T) * 8 ? static_cast<T>(uint64_t{a} << b) : T{0};
  }
};
struct ShiftRight {
  template <class T>
  static T apply(T a, T b) {
    return b < sizeof(T) * 8 ? static_cast<T>(a >> b) : T{0};
  }
};

template <class Op, class... Ins>
constexpr void add_tests(BinaryRuns& runs) {
  ((runs[static_cast<size_t>(kDTypeOf<Ins>)] = &binary_run<Op, Ins, uint8_t>), ...);
}
template <class Op>
constexpr BinaryRuns order_runs() {
  BinaryRuns runs{};
  add_tests<Op, float, double, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(runs);
  return runs;
}
constexpr BinaryRuns equal_runs() {
  BinaryRuns runs = order_runs<Equal>();
  add_tests<Equal, std::string>(runs);
  runs[static_cast<size_t>(DType::kBool)] = &binary_run<SameTruth, uint8_t, uint8_t>;
  return runs;
}
template <class Op>
constexpr BinaryRuns bool_runs() {
  BinaryRuns runs{};
  runs[static_cast<size_t>(DType::kBool)] = &binary_run<Op, uint8_t, uint8_t>;
  return runs;
}
template <class Op>
constexpr BinaryRuns bit_runs() {
  BinaryRuns runs{};
  add_sign_blind_runs<Op>(runs);
  return runs;
}

constexpr BinaryRuns kEqual = equal_runs();
constexpr BinaryRuns kLess = order_runs<Less>();
constexpr BinaryRuns kLessOrEqual = order_runs<LessOrEqual>();
constexpr BinaryRuns kAnd = bool_runs<And>();
constexpr BinaryRuns kOr = bool_runs<Or>();
constexpr BinaryRuns kXor = bool_runs<Xor>();
constexpr BinaryRuns kBitAnd = bit_runs<BitAnd>();
constexpr BinaryRuns kBitOr = bit_runs<BitOr>();
constexpr BinaryRuns kBitXor = bit_runs<BitXor>();
constexpr BinaryRuns kShiftLeft = bit_runs<ShiftLeft>();
constexpr BinaryRuns kShiftRight = bit_runs<ShiftRight>();

struct BitShiftAttrs : Attrs {
  enum class Direction { kMissing, kLeft, kRight };
  Direction direction = Direction::kMissing;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"", "LEFT", "RIGHT"};
    v.choice("direction", self.direction, kNames);
  }
  Status prepare() const {
    if (direction != Direction::kMissing) return ok();
    return invalid_model("attribute 'direction' is missing").expecting("LEFT or RIGHT");
  }
};

Status eval_bit_shift(KernelContext& context) {
  const bool left = context.attrs<BitShiftAttrs>().direction == BitShiftAttrs::Direction::kLeft;
  return left ? eval_binary<kShiftLeft>(context) : eval_binary<kShiftRight>(context);
}

Status infer_test(InferContext& context) { return infer_broadcast(context, DType::kBool); }

constexpr DTypeMask kComparable = kNumeric | kBoolOnly | kStringOnly;
constexpr Param kTwoComparable[] = {{.name = "A", .types = kComparable, .variable = 'T'},
                                    {.name = "B", .types = kComparable, .variable = 'T'}};
constexpr Param kTwoOrdered[] = {{.name = "A", .types = kNumeric, .variable = 'T'},
                                 {.name = "B", .types = kNumeric, .variable = 'T'}};
constexpr Param kTwoBools[] = {{.name = "A", .types = kBoolOnly, .variable = 'T'},
                               {.name = "B", .types = kBoolOnly, .variable = 'T'}};
constexpr Param kTwoInts[] = {{.name = "A", .types = kInts, .variable = 'T'},
                              {.name = "B", .types = kInts, .variable = 'T'}};
constexpr Param kTwoUnsigned[] = {{.name = "X", .types = kUnsignedInts, .variable = 'T'},
                                  {.name = "Y", .types = kUnsignedInts, .variable = 'T'}};
constexpr Param kBoolOut[] = {{.name = "C", .types = kBoolOnly}};
constexpr Param kIntOut[] = {{.name = "C", .types = kInts, .variable = 'T'}};

constexpr OpDef test(std::string_view name, std::span<const Param> inputs, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = inputs,
          .min_inputs = 2,
          .outputs = kBoolOut,
          .infer = infer_test,
          .eval = eval,
          .flags = kElementwise};
}
constexpr OpDef bitwise(std::string_view name, std::span<const Param> inputs, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = inputs,
          .min_inputs = 2,
          .outputs = kIntOut,
          .infer = infer_broadcast,
          .eval = eval,
          .flags = kElementwise | kInPlace};
}

constexpr OpDef kLogicOps[] = {
    test("And", kTwoBools, eval_binary<kAnd>),
    {.name = "BitShift",
     .inputs = kTwoUnsigned,
     .min_inputs = 2,
     .outputs = kIntOut,
     .attrs = &attrs_schema<BitShiftAttrs>,
     .infer = infer_broadcast,
     .eval = eval_bit_shift,
     .flags = kElementwise | kInPlace},
    bitwise("BitwiseAnd", kTwoInts, eval_binary<kBitAnd>),
    bitwise("BitwiseOr", kTwoInts, eval_binary<kBitOr>),
    bitwise("BitwiseXor", kTwoInts, eval_binary<kBitXor>),
    test("Equal", kTwoComparable, eval_binary<kEqual>),
    test("Greater", kTwoOrdered, eval_swapped<kLess>),
    test("GreaterOrEqual", kTwoOrdered, eval_swapped<kLessOrEqual>),
    test("Less", kTwoOrdered, eval_binary<kLess>),
    test("LessOrEqual", kTwoOrdered, eval_binary<kLessOrEqual>),
    test("Or", kTwoBools, eval_binary<kOr>),
    test("Xor", kTwoBools, eval_binary<kXor>),
};

}  // namespace

std::span<const OpDef> logic_ops() { return kLogicOps; }

}  // namespace thane
