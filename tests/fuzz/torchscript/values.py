class P(NamedTuple):
  a : Tensor
  b : int
class E(Enum):
  ONE : int = 1
  TWO : int = 2
class M(Module):
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    d = annotate(Dict[str, int], {"a": 1, "b": 2})
    d["c"] = torch.floordiv(7, 2)
    s = torch.format("{} {}", torch.len(d), "x\n\t\101")
    l = torch.slice([1, 2, 3, 4], 1, None, 2)
    p = __torch__.P(x, l[-1])
    a, b, = p
    f = __torch__.g
    if isinstance(s, str):
      c = __torch__.E.TWO.value
    elif torch.__contains__(d, "a"):
      c = uninitialized(int)
    else:
      c = torch.len(torch.split(s, " "))
    return f(a, b, k=[i for i in range(c) if torch.gt(i, 0)])
def g(x: Tensor,
    n: int,
    k: Optional[List[int]]=None) -> Tensor:
  if torch.__is__(k, None):
    y = x
  else:
    y = torch.mul(x, unchecked_cast(List[int], k)[0] if n > 1 else -1)
  return torch.reshape(y, [2, -1]) @ torch.t(x)
