// `weir proxy` alone, so that the tests of the data plane link nothing of the control side.
#include <string>
#include <vector>

#include "main/proxy_command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return weir::proxy_command(arguments);
}
