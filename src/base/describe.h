// How a .cc gives a struct its Shape:
//
//   const Shape& describe(const Cluster*) {
//     static const Shape kShape = structure<Cluster>("Cluster", {
//         member<&Cluster::clusterName>("clusterName", {.required = true, .max = 255}),
//     });
//     return kShape;
//   }
//
// Include it in .cc files only.
#pragma once

#include <type_traits>
#include <utility>

#include "base/shape.h"

namespace weir {

namespace describing {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

template <class T>
const Shape& value_shape();

template <class V>
const Shape& list_shape() {
  using T = typename V::value_type;
  static const Shape kShape{
      .kind = ShapeKind::list,
      .name = "list",
      .element = &value_shape<T>,
      .size = [](const void* list) { return static_cast<const V*>(list)->size(); },
      .at = [](const void* list, std::size_t i) -> const void* { return &(*static_cast<const V*>(list))[i]; },
      .append = [](void* list) -> void* { return &static_cast<V*>(list)->emplace_back(); },
      .clear = [](void* list) { static_cast<V*>(list)->clear(); },
  };
  return kShape;
}

template <class M>
const Shape& map_shape() {
  using T = typename M::mapped_type;
  static const Shape kShape{
      .kind = ShapeKind::map,
      .name = "map",
      .element = &value_shape<T>,
      .size = [](const void* map) { return static_cast<const M*>(map)->size(); },
      .visit =
          [](const void* map, void* context, void (*see)(void*, const std::string&, const void*)) {
            for (const auto& [key, value] : *static_cast<const M*>(map)) see(context, key, &value);
          },
      .insert = [](void* map, std::string key) -> void* { return &(*static_cast<M*>(map))[std::move(key)]; },
      .clear = [](void* map) { static_cast<M*>(map)->clear(); },
  };
  return kShape;
}

template <ShapeKind kKind>
const Shape& scalar_shape() {
  static const Shape kShape{.kind = kKind};
  return kShape;
}

template <class T>
const Shape& value_shape() {
  if constexpr (std::is_same_v<T, bool>) {
    return scalar_shape<ShapeKind::boolean>();
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return scalar_shape<ShapeKind::integer>();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return scalar_shape<ShapeKind::long_int>();
  } else if constexpr (std::is_same_v<T, double>) {
    return scalar_shape<ShapeKind::real>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return scalar_shape<ShapeKind::string>();
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return scalar_shape<ShapeKind::timestamp>();
  } else if constexpr (std::is_same_v<T, Json>) {
    return scalar_shape<ShapeKind::json>();
  } else if constexpr (IsVector<T>::value) {
    return list_shape<T>();
  } else if constexpr (IsMap<T>::value) {
    return map_shape<T>();
  } else {
    return shape_of<T>();
  }
}

template <auto kMember>
struct Access;
template <class S, class M, M S::*kMember>
struct Access<kMember> {
  static const void* find(const void* owner) {
    const M& held = static_cast<const S*>(owner)->*kMember;
    if constexpr (IsOptional<M>::value) {
      return held ? &*held : nullptr;
    } else {
      return &held;
    }
  }
  static void* make(void* owner) {
    M& held = static_cast<S*>(owner)->*kMember;
    if constexpr (IsOptional<M>::value) {
      if (!held) held.emplace();
      return &*held;
    } else {
      return &held;
    }
  }
  static const Shape& shape() {
    if constexpr (IsOptional<M>::value) {
      return value_shape<typename M::value_type>();
    } else {
      return value_shape<M>();
    }
  }
};

}  // namespace describing

template <auto kMember>
Field member(const char* name, Limits limits = {}) {
  using A = describing::Access<kMember>;
  return {name, &A::shape, limits, &A::find, &A::make};
}

template <class T>
Shape structure(const char* name, std::vector<Field> fields) {
  return {.kind = ShapeKind::structure, .name = name, .fields = std::move(fields)};
}

}  // namespace weir
