class M(Module):
  __parameters__ = ["weight", ]
  weight : Tensor
  training : bool
  count : int
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    weight = self.weight
    _0 = annotate(List[Tensor], [])
    y = torch.add(torch.mul(x, weight), 1.5, alpha=2)
    if bool(torch.gt(torch.sum(y), 0)):
      z = torch.relu(y)
      n = 3
    else:
      z = torch.neg(y)
      n = int(torch.sum(x))
    for i in range(n):
      _1 = torch.append(_0, torch.select(z, 0, 1))
      n0 = torch.add(n, i)
      n = n0
    _2 = torch.ne(torch.len(_0), 0)
    while torch.lt(n, 10):
      n1 = torch.add(n, 1)
      n = n1
    if _2:
      ops.prim.RaiseException("empty", "builtins.ValueError")
    else:
      pass
    self.count = torch.add(self.count, 1)
    return torch.add_(torch.view(z, [-1]), n)
