/* Runs a classifier on arrays and prints the class with the largest score for each.
 *
 *   classify MODEL INPUTS.npy LABELS.txt
 *
 * The model's first input takes the array, its first output gives one row of scores per item. Build it against an
 * installed thane with: cc classify.c $(pkg-config --cflags --libs thane)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thane/thane.h>

#define MOST_LABELS 1000
#define LABEL_BYTES 64

static char labels[MOST_LABELS][LABEL_BYTES];

static size_t read_labels(const char* path) {
  FILE* file = fopen(path, "r");
  size_t count = 0;
  if (!file) return 0;
  while (count < MOST_LABELS && fgets(labels[count], LABEL_BYTES, file)) {
    labels[count][strcspn(labels[count], "\n")] = '\0';
    ++count;
  }
  fclose(file);
  return count;
}

static int print_best(const thane_value* scores, size_t label_count) {
  const size_t rank = thane_value_rank(scores);
  const float* values = thane_value_data(scores);
  size_t classes, row, i;
  if (thane_value_dtype(scores) != THANE_FLOAT32 || rank == 0) {
    fprintf(stderr, "classify: the output holds no float32 scores\n");
    return 1;
  }
  classes = (size_t)thane_value_dims(scores)[rank - 1];
  if (classes != label_count) {
    fprintf(stderr, "classify: %zu labels for %zu classes\n", label_count, classes);
    return 1;
  }
  for (row = 0; row < thane_value_size(scores); row += classes) {
    size_t best = 0;
    for (i = 1; i < classes; ++i) {
      if (values[row + i] > values[row + best]) best = i;
    }
    printf("%s %g\n", labels[best], (double)values[row + best]);
  }
  return 0;
}

int main(int argc, char** argv) {
  thane_error* error = thane_error_new();
  thane_model* model = NULL;
  thane_session* session = NULL;
  thane_value* input = NULL;
  thane_value** outputs = NULL;
  size_t i, output_count = 0;
  int result = 1;

  if (argc != 4) {
    fprintf(stderr, "usage: classify MODEL INPUTS.npy LABELS.txt\n");
    return 2;
  }
  if (thane_model_load(argv[1], NULL, &model, error) == THANE_OK &&
      thane_session_new(model, NULL, &session, error) == THANE_OK &&
      thane_npy_read(argv[2], &input, error) == THANE_OK) {
    const thane_value* inputs[1];
    inputs[0] = input;
    fprintf(stderr, "%s: %s\n", thane_model_input(model, 0)->name, thane_model_input(model, 0)->type);
    output_count = thane_model_output_count(model);
    outputs = calloc(output_count, sizeof *outputs);
    if (outputs && thane_session_run(session, inputs, 1, outputs, output_count, error) == THANE_OK) {
      result = print_best(outputs[0], read_labels(argv[3]));
    }
  }
  if (thane_error_code(error) != THANE_OK) fprintf(stderr, "classify: %s\n", thane_error_text(error));

  for (i = 0; outputs && i < output_count; ++i) thane_value_free(outputs[i]);
  free(outputs);
  thane_value_free(input);
  thane_session_free(session);
  thane_model_free(model);
  thane_error_free(error);
  return result;
}
