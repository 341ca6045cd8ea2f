// Runs a classifier on arrays and prints the class with the largest score for each.
//
//   classify MODEL INPUTS.npy LABELS.txt
//
// The model's first input takes the array, its first output gives one row of scores per item. Build it against an
// installed thane with: c++ -std=c++20 classify.cc $(pkg-config --cflags --libs thane)
#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <thane/thane.hpp>

namespace {

int fail(const thane::Error& error) {
  std::cerr << "classify: " << error.to_string() << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: classify MODEL INPUTS.npy LABELS.txt\n";
    return 2;
  }
  const auto model = thane::Model::load(argv[1]);
  if (!model) return fail(model.error());
  for (const thane::ValueInfo& input : model->info().inputs) std::cerr << input.name << ": " << input.type << '\n';

  const auto session = thane::Session::create(*model, {.threads = 1});
  if (!session) return fail(session.error());
  const auto input = thane::read_npy(argv[2]);
  if (!input) return fail(input.error());
  const auto outputs = session->run({*input});
  if (!outputs) return fail(outputs.error());

  const thane::Tensor& scores = outputs->front().tensor();
  const auto values = scores.values<float>();
  if (!values) return fail(values.error());

  std::vector<std::string> labels;
  std::ifstream file(argv[3]);
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  const auto classes = static_cast<size_t>(scores.shape().back());
  if (labels.size() != classes) {
    std::cerr << "classify: " << labels.size() << " labels for " << classes << " classes\n";
    return 1;
  }
  for (size_t row = 0; row < values->size(); row += classes) {
    const auto scores_of_row = values->subspan(row, classes);
    const auto best = std::ranges::max_element(scores_of_row) - scores_of_row.begin();
    std::cout << labels[static_cast<size_t>(best)] << ' ' << scores_of_row[static_cast<size_t>(best)] << '\n';
  }
}
