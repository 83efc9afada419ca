#include "cli/cli.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::cli {
namespace {

int run_words(std::vector<std::string> words) { return run(commands(), words); }

TEST(Cli, HelpListsEveryCommandWithOneLine) {
  const std::string text = overview(commands());
  for (const Command& command : commands()) EXPECT_TRUE(text.contains(std::string("  ") + command.name + " ")) << text;
}

TEST(Cli, AskingForHelpSucceedsAndNonsenseIsAUsageError) {
  EXPECT_EQ(run_words({"--help"}), kOk);
  for (const Command& command : commands()) EXPECT_EQ(run_words({command.name, "--help"}), kOk);
  const std::vector<std::vector<std::string>> kNonsense = {
      {},
      {"nonsense"},
      {"status", "extra"},
      {"status", "--nope"},
      {"status", "-w", "--json", "--endpoint", "http://127.0.0.1:1"},
      {"status", "--endpoint", "ftp://x"},
      {"logs"},
      {"logs", "a", "--tail", "many"},
      {"image"},
      {"image", "paint"},
      {"image", "import", "only-a-name"},
      {"image", "import", "a:1", "/nowhere", "--entrypoint", "not json"},
      {"image", "import", "a:1", "/nowhere", "--cmd", "[1]"},
      {"route", "x"},
  };
  for (const auto& words : kNonsense) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_words(words), kUsage) << (words.empty() ? "" : words.back());
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(said.starts_with("weir: ") && said.find('\n') == said.size() - 1) << said;
  }
}

}  // namespace
}  // namespace weir::cli
