// What the operations of all kinds have in common: where a resource is, what is shown of it, and how it is created,
// described, updated, deleted and listed. Control thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/appmesh/errors.h"
#include "api/appmesh/kinds.h"
#include "api/appmesh/names.h"
#include "api/appmesh/proxies.h"
#include "api/appmesh/references.h"
#include "api/appmesh/refusals.h"
#include "api/appmesh/spec_rules.h"
#include "api/arn.h"
#include "api/paging.h"
#include "api/writing.h"
#include "base/uuid.h"

namespace weir::api::appmesh {

inline constexpr std::int32_t kResourcesPerPage = 100;

// --- where it is ------------------------------------------------------------------------------------------------

// The store's name for what `about` says.
template <class D>
std::string key_of(const model::MeshResource& about) {
  D document;
  document.about = about;
  return document.key();
}

// Scope, mesh and parent, as a request has them. Errors: NotFoundException where the mesh is somebody else's.
template <class D, class R>
Result<model::MeshResource> surroundings_of(const Context& context, const R& request) {
  model::MeshResource about{.scope = scope_of(context), .mesh = request.meshName};
  if constexpr (requires { request.meshOwner; }) {
    if (request.meshOwner && *request.meshOwner != context.account) {
      return absent_mesh(request.meshName, *request.meshOwner);
    }
  }
  if constexpr (kHasParent<D>) about.parent = Kind<typename Kind<D>::Parent>::name(request);
  return about;
}

// The same with the resource's name.
template <class D, class R>
Result<model::MeshResource> place_of(const Context& context, const R& request) {
  auto about = TRY((surroundings_of<D>(context, request)));
  about.name = Kind<D>::name(request);
  return about;
}

// Errors: NotFoundException, of the first that is missing of the mesh and the parent.
template <class D>
Result<> find_surroundings(Context& context, const model::MeshResource& about) {
  if constexpr (!kIsMesh<D>) TRY(find_mesh(context, about));
  if constexpr (kHasParent<D>) {
    using Parent = typename Kind<D>::Parent;
    model::MeshResource parent = about;
    parent.parent.clear();
    parent.name = about.parent;
    if (!TRY(store::peek<Parent>(context.store, key_of<Parent>(parent)))) {
      return absent(Kind<Parent>::kWord, parent);
    }
  }
  return {};
}

template <class D>
Result<store::Versioned<D>> find_resource(Context& context, const model::MeshResource& about) {
  TRY(find_surroundings<D>(context, about));
  auto found = TRY(store::load<D>(context.store, key_of<D>(about)));
  if (found) return std::move(*found);
  if constexpr (kIsMesh<D>) return absent_mesh(about.name, about.scope.account);
  return absent(Kind<D>::kWord, about);
}

// What the keys begin with of all that are in the same mesh, or have the same parent, as `about`.
template <class D>
std::string siblings_of(const model::MeshResource& about) {
  if constexpr (kIsMesh<D>) return about.scope.prefix();
  if constexpr (kHasParent<D>) return model::within_parent(about.scope, about.mesh, about.parent);
  return model::within_mesh(about.scope, about.mesh);
}

template <class D>
std::string arn_of(const Context& context, const model::MeshResource& about) {
  std::string path = "mesh/" + about.mesh;
  if constexpr (kHasParent<D>) path += arn_part(Kind<typename Kind<D>::Parent>::kPath, about.parent);
  if constexpr (!kIsMesh<D>) path += arn_part(Kind<D>::kPath, about.name);
  return make_arn(context, "appmesh", path);
}

// --- what is shown of it ----------------------------------------------------------------------------------------

// A resource is ACTIVE once every proxy runs it as it is; until then it is INACTIVE.
template <class D>
typename Kind<D>::Data data_of(const D& document, bool in_force) {
  typename Kind<D>::Data data;
  data.meshName = document.about.mesh;
  if constexpr (kHasParent<D>) data.*Kind<D>::kDataParent = document.about.parent;
  data.*Kind<D>::kDataName = document.about.name;
  data.metadata = document.about.metadata;
  data.spec = document.spec;
  data.status.status = in_force ? document.about.status : "INACTIVE";
  return data;
}

template <class D>
typename Kind<D>::Ref ref_of(const model::MeshResource& about) {
  typename Kind<D>::Ref ref;
  ref.meshName = about.mesh;
  if constexpr (kHasParent<D>) ref.*Kind<D>::kRefParent = about.parent;
  ref.*Kind<D>::kRefName = about.name;
  ref.arn = about.metadata.arn;
  ref.createdAt = about.metadata.createdAt;
  ref.lastUpdatedAt = about.metadata.lastUpdatedAt;
  ref.meshOwner = about.metadata.meshOwner;
  ref.resourceOwner = about.metadata.resourceOwner;
  ref.version = about.metadata.version;
  return ref;
}

// --- the operations ---------------------------------------------------------------------------------------------

// The spec of a request; null where a mesh comes without one.
template <class R>
auto spec_of(const R& request) {
  if constexpr (requires { request.spec.has_value(); }) {
    return request.spec ? &*request.spec : nullptr;
  } else {
    return &request.spec;
  }
}

// What a repeated call has to have the same: all but its token.
template <class R>
std::string digest_of_call(const char* operation, R request) {
  request.clientToken.reset();
  return stable_hex(operation + to_json_shape(request).dump(), 32);
}

// Everything that can be wrong with a spec, by itself and in its mesh.
template <class D>
Result<> check_wish(Context& context, const D& document) {
  TRY(check_spec(document.spec));
  return check_references(context, document);
}

template <class D>
model::appmesh::ResourceMetadata new_metadata(Context& context, const model::MeshResource& about) {
  model::appmesh::ResourceMetadata made;
  made.arn = arn_of<D>(context, about);
  made.uid = uuid(context.random);
  made.meshOwner = made.resourceOwner = context.account;
  made.createdAt = made.lastUpdatedAt = context.now;
  made.version = 1;
  return made;
}

template <class D, class In, class Out>
Result<Out> create(Context& context, const Proxies& proxies, const In& request) {
  D made;
  TRY(refuse(request, refused_of(made.spec), kBadRequest));
  TRY(check_name(Kind<D>::kWord, Kind<D>::name(request)));
  TRY(check_token(request.clientToken));
  made.about = TRY((place_of<D>(context, request)));
  if (const auto* spec = spec_of(request)) made.spec = *spec;
  made.about.tags = TRY(tags_of(request.tags));
  made.about.client_token = request.clientToken.value_or("");
  made.about.request = digest_of_call("create", request);
  made.about.metadata = new_metadata<D>(context, made.about);
  return writing(kServerError, [&]() -> Result<Out> {
    TRY(find_surroundings<D>(context, made.about));
    if (const auto other = TRY(store::peek<D>(context.store, made.key()))) {
      const auto& before = (*other)->about;
      const bool repeated = !before.client_token.empty() && before.client_token == made.about.client_token;
      if (repeated && before.request == made.about.request) return Out{data_of(**other, proxies.run(other->revision))};
      return taken(Kind<D>::kWord, made.about);
    }
    const auto siblings = TRY(context.store.list(D::kKind, siblings_of<D>(made.about)));
    if (siblings.size() >= Kind<D>::kMax) {
      return too_many(Kind<D>::kWord, Kind<D>::kMax);
    }
    TRY(check_wish(context, made));
    TRY(commit(context, {store::put(made, store::Expect::kAbsent)}));
    return Out{data_of(made, proxies.run(context.store.revision()))};
  });
}

template <class D, class In, class Out>
Result<Out> describe(Context& context, const Proxies& proxies, const In& request) {
  return writing(kServerError, [&]() -> Result<Out> {
    const auto about = TRY((place_of<D>(context, request)));
    const auto found = TRY(find_resource<D>(context, about));
    return Out{data_of(found.document, proxies.run(found.revision))};
  });
}

template <class D, class In, class Out>
Result<Out> update(Context& context, const Proxies& proxies, const In& request) {
  TRY(refuse(request, refused_of(decltype(D::spec){}), kBadRequest));
  TRY(check_token(request.clientToken));
  return writing(kServerError, [&]() -> Result<Out> {
    const auto place = TRY((place_of<D>(context, request)));
    auto found = TRY(find_resource<D>(context, place));
    auto& about = found.document.about;
    const std::string digest = digest_of_call("update", request);
    if (request.clientToken && *request.clientToken == about.client_token) {
      if (digest == about.request) return Out{data_of(found.document, proxies.run(found.revision))};
      return conflict("The client token was used for a previous call with a different specification");
    }
    if (const auto* spec = spec_of(request)) found.document.spec = *spec;
    TRY(check_wish(context, found.document));
    ++about.metadata.version;
    about.metadata.lastUpdatedAt = context.now;
    about.client_token = request.clientToken.value_or("");
    about.request = digest;
    TRY(commit(context, {store::put(found)}));
    return Out{data_of(found.document, proxies.run(context.store.revision()))};
  });
}

template <class D, class In, class Out>
Result<Out> remove(Context& context, const In& request) {
  return writing(kServerError, [&]() -> Result<Out> {
    const auto place = TRY((place_of<D>(context, request)));
    auto found = TRY(find_resource<D>(context, place));
    TRY(check_unused(context, found.document));
    TRY(commit(context, {store::erase(found)}));
    found.document.about.status = "DELETED";
    return Out{data_of(found.document, true)};
  });
}

// Where a request for a list is: in the account, a mesh, or something in it.
template <class D, class R>
Result<model::MeshResource> place_of_list(Context& context, const R& request) {
  if constexpr (kIsMesh<D>) {
    return model::MeshResource{.scope = scope_of(context)};
  } else {
    auto about = TRY((surroundings_of<D>(context, request)));
    TRY(find_surroundings<D>(context, about));
    return about;
  }
}

template <class D, class In, class Out>
Result<Out> list(Context& context, const In& request) {
  return writing(kServerError, [&]() -> Result<Out> {
    const auto place = TRY((place_of_list<D>(context, request)));
    std::vector<Positioned<typename Kind<D>::Ref>> all;
    for (const auto& one : TRY(store::peek_all<D>(context.store, siblings_of<D>(place)))) {
      all.push_back({one->about.name, ref_of<D>(one->about)});
    }
    const auto size = static_cast<std::size_t>(request.limit.value_or(kResourcesPerPage));
    auto page = page_of(std::move(all), request.nextToken.value_or(""), size);
    if (!page) return bad_member("nextToken", "it is none of this list");
    Out reply;
    Kind<D>::list(reply) = std::move(page->items);
    reply.nextToken = std::move(page->next);
    return reply;
  });
}

}  // namespace weir::api::appmesh
