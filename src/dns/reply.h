// Other servers' messages: a question to them, and what they reply, where it has to be looked at. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.h"

namespace weir::dns {

// What a query asks: its bytes between the head and the records.
std::string_view question_of(std::string_view query);
// Another id for the same message, which has a head.
void set_id(std::string& message, std::uint16_t id);

// The code of a reply to the query with that id and question; none where it is something else. A reply that names an
// error may do without the question.
std::optional<Code> code_of_reply(std::string_view message, std::uint16_t id, std::string_view question);

// What a message that has a head says of how it went.
Code code_in(std::string_view message);
// The addresses and aliases that a reply gives as its answers; none where it is malformed.
std::optional<std::vector<Record>> answers_of_reply(std::string_view message);

}  // namespace weir::dns
