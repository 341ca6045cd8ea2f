// Which names some code reads.
#include "formats/torch/script/graph_domain.h"

namespace thane::torchscript {

void count_reads(const Expr& expr, Reads& reads) {
  if (expr.kind == Expr::Kind::kName) ++reads[expr.text];
  for (const Expr* item : expr.items) {
    if (item) count_reads(*item, reads);
  }
}

namespace {

// Assigning to a name reads nothing; to an item or attribute, its owner.
void count_target(const Expr& target, Reads& reads) {
  if (target.kind == Expr::Kind::kName) return;
  if (target.kind == Expr::Kind::kTuple || target.kind == Expr::Kind::kList) {
    for (const Expr* item : target.items) count_target(*item, reads);
    return;
  }
  count_reads(target, reads);
}

}  // namespace

void count_reads(const Block& block, Reads& reads) {
  for (const Stmt* statement : block) {
    const bool augmented = statement->kind == Stmt::Kind::kAugmented;
    for (const Expr* target : statement->targets) {
      if (augmented)
        count_reads(*target, reads);
      else
        count_target(*target, reads);
    }
    for (const Expr* expr : {statement->value, statement->message}) {
      if (expr) count_reads(*expr, reads);
    }
    count_reads(statement->body, reads);
    count_reads(statement->orelse, reads);
  }
}

}  // namespace thane::torchscript
