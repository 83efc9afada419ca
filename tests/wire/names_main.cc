// `weir names` alone, so that its tests link nothing of the control side.
#include <string>
#include <vector>

#include "main/names_command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return weir::names_command(arguments);
}
