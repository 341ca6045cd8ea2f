#include "formats/torch/script/machine.h"

#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/merge.h"

namespace thane::torchscript {

Error Machine::raise(std::string type, std::string message) {
  Error error = runtime_error(format("the model raises {}: {}", type, message));
  raised_ = Raised{std::move(type), std::move(message)};
  return std::move(error).at(place());
}

std::string Machine::place() const {
  if (calls_.empty()) return {};
  const auto& [function, line] = calls_.back();
  return format("{}, line {}", function->name, line);
}

Status Machine::step() {
  if (++steps_ <= most_steps_) return ok();
  return resource_limit(format("more than {} steps of the program, with its loops unrolled", most_steps_)).at(place());
}

// --- what bodies change ----------------------------------------------------------------------------------------------

// Whatever a list, dict or object holds is held here, too, if it may hold others: emptying one never goes deep.
Machine::~Machine() {
  for (const Value& value : held_) {
    if (value.is_list()) value.list()->items.clear();
    if (value.is_dict()) value.dict()->items.clear();
    if (const InstancePtr instance = as<Instance>(value)) instance->attributes.clear();
    if (const auto future = as<FutureValue>(value)) future->value = {};
  }
}

Value Machine::make_list(std::vector<Value> items) {
  const bool containers = std::any_of(items.begin(), items.end(), is_container);
  Value value = Value::list(std::move(items));
  if (containers) hold(value);
  if (!journals_.empty()) {
    journals_.back().born.insert(value.list().get());
    journals_.back().kept.push_back(value);
  }
  return value;
}

Value Machine::make_dict(std::vector<std::pair<Value, Value>> items) {
  Value value(std::make_shared<Dict>(Dict{std::move(items)}));
  hold(value);
  if (!journals_.empty()) {
    journals_.back().born.insert(value.dict().get());
    journals_.back().kept.push_back(value);
  }
  return value;
}

std::vector<Value>& Machine::change(const ListPtr& list) {
  if (!journals_.empty()) {
    Journal& journal = journals_.back();
    if (!journal.born.contains(list.get()) && journal.seen.insert(list.get()).second) {
      journal.entries.push_back({list, nullptr, nullptr, {}, list->items, {}});
    }
  }
  return list->items;
}

std::vector<std::pair<Value, Value>>& Machine::change(const DictPtr& dict) {
  if (!journals_.empty()) {
    Journal& journal = journals_.back();
    if (!journal.born.contains(dict.get()) && journal.seen.insert(dict.get()).second) {
      journal.entries.push_back({nullptr, dict, nullptr, {}, {}, dict->items});
    }
  }
  return dict->items;
}

void Machine::change(const InstancePtr& instance, const std::string& attribute) {
  if (journals_.empty()) return;
  Journal& journal = journals_.back();
  if (journal.born.contains(instance.get())) return;
  for (const Journal::Entry& entry : journal.entries) {
    if (entry.instance == instance && entry.attribute == attribute) return;
  }
  Journal::Entry entry{nullptr, nullptr, instance, attribute, {}, {}};
  const auto found = instance->attributes.find(attribute);
  if (found != instance->attributes.end()) entry.values.push_back(found->second);
  journal.entries.push_back(std::move(entry));
}

Status Machine::read_changes(Snapshot& snapshot) {
  for (const Journal::Entry& entry : journals_.back().entries) {
    if (entry.list) {
      for (const Value& item : entry.list->items) THANE_TRY(snapshot.take(*this, item));
    } else if (entry.dict) {
      for (const auto& [key, item] : entry.dict->items) THANE_TRY(snapshot.take(*this, item));
    } else {
      THANE_TRY(snapshot.take(*this, entry.instance->attributes[entry.attribute]));
    }
  }
  return ok();
}

Journal Machine::close_journal() {
  Journal journal = std::move(journals_.back());
  journals_.pop_back();
  for (Journal::Entry& entry : journal.entries) {
    if (entry.list) {
      std::swap(entry.list->items, entry.values);
    } else if (entry.dict) {
      std::swap(entry.dict->items, entry.pairs);
    } else {
      auto& attributes = entry.instance->attributes;
      std::vector<Value> after;
      if (attributes.contains(entry.attribute)) after.push_back(attributes[entry.attribute]);
      if (entry.values.empty())
        attributes.erase(entry.attribute);
      else
        attributes[entry.attribute] = entry.values[0];
      entry.values = std::move(after);
    }
  }
  if (!journals_.empty()) {
    Journal& outer = journals_.back();
    outer.born.insert(journal.born.begin(), journal.born.end());
    outer.kept.insert(outer.kept.end(), journal.kept.begin(), journal.kept.end());
  }
  return journal;
}

Status Machine::check_nesting(const Value& value) const {
  if (!nests_too_deeply(value)) return ok();
  return resource_limit("values that are nested too deeply").at(place());
}

Result<Value> Machine::op(const std::string& name, std::vector<Value> args, aten::NamedValues kwargs) {
  THANE_ASSIGN(auto done, python_op(*this, name, args, kwargs));
  if (done) return std::move(*done);
  context_.place = place();
  THANE_ASSIGN(Value result, domain_.op(*this, name, std::move(args), std::move(kwargs)));
  if (result.is_list() && !journals_.empty()) {
    journals_.back().born.insert(result.list().get());
    journals_.back().kept.push_back(result);
  }
  return result;
}

}  // namespace thane::torchscript
