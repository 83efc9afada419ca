// Names, tokens and tags as appmesh takes them, and what is said of resources that are missing. Any thread but
// find_mesh(): control.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/action.h"
#include "base/result.h"
#include "model/mesh_documents.h"

namespace weir::api::appmesh {

using Tags = std::vector<model::appmesh::TagRef>;

// Letters, digits, hyphens, underscores and dots: a name is a part of an ARN and of a path. `word`: "VirtualNode".
Result<> check_name(std::string_view word, std::string_view name);
// Up to 36 letters, digits, hyphens and underscores.
Result<> check_token(const std::optional<std::string>& token);
// Errors: BadRequestException where a key is there twice or begins with "aws:".
Result<Tags> tags_of(const std::optional<Tags>& given);

// NotFoundException.
std::unexpected<Error> absent_mesh(std::string_view name, std::string_view account);
std::unexpected<Error> absent(std::string_view word, const model::MeshResource& about);
// ConflictException: the name is another's.
std::unexpected<Error> taken(std::string_view word, const model::MeshResource& about);

// LimitExceededException.
std::unexpected<Error> too_many(std::string_view word, std::size_t most);

// "/virtualNode/cart"
std::string arn_part(std::string_view kind, std::string_view name);

// Errors: NotFoundException.
Result<> find_mesh(Context& context, const model::MeshResource& about);

}  // namespace weir::api::appmesh
