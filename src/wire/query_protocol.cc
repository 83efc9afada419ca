#include "wire/query_protocol.h"

#include <fmt/format.h>

#include "wire/form_tree.h"
#include "wire/json_protocol.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

// --- XML --------------------------------------------------------------------------------------------------------

class XmlWriter {
 public:
  explicit XmlWriter(std::string& out) : out_(out) {}

  void write_members(const Shape& shape, const void* value) {
    for (const auto& field : shape.fields) {
      if (const void* held = field.find(value)) {
        write(field.limits.wire_name ? field.limits.wire_name : field.name, field.shape(), held,
              field.limits.flattened);
      }
    }
  }

 private:
  void write(std::string_view name, const Shape& shape, const void* value, bool flattened) {
    switch (shape.kind) {
      case ShapeKind::list:
        return write_list(name, shape, value, flattened);
      case ShapeKind::map:
        return write_map(name, shape, value, flattened);
      case ShapeKind::structure: {
        const XmlScope element(out_, name);
        return write_members(shape, value);
      }
      default:
        xml_element(out_, name, text_of(shape, value));
    }
  }

  void write_list(std::string_view name, const Shape& shape, const void* value, bool flattened) {
    const auto items = [&](std::string_view item_name) {
      for (std::size_t i = 0; i < shape.size(value); ++i) write(item_name, shape.element(), shape.at(value, i), false);
    };
    if (flattened) return items(name);
    const XmlScope element(out_, name);
    items("member");
  }

  void write_map(std::string_view name, const Shape& shape, const void* value, bool flattened) {
    struct Seen {
      XmlWriter* self;
      const Shape& element;
      std::string_view entry;
    } seen{this, shape.element(), flattened ? name : "entry"};
    const auto entries = [&] {
      shape.visit(value, &seen, [](void* context, const std::string& key, const void* held) {
        auto& to = *static_cast<Seen*>(context);
        const XmlScope entry(to.self->out_, to.entry);
        xml_element(to.self->out_, "key", key);
        to.self->write("value", to.element, held, false);
      });
    };
    if (flattened) return entries();
    const XmlScope element(out_, name);
    entries();
  }

  static std::string text_of(const Shape& shape, const void* value) {
    switch (shape.kind) {
      case ShapeKind::string:
        return *static_cast<const std::string*>(value);
      case ShapeKind::timestamp:
        return to_iso8601(*static_cast<const Timestamp*>(value));
      default:
        return to_json(shape, value).dump();
    }
  }

  std::string& out_;
};

Reply xml_reply(std::uint16_t status, std::string body) {
  return {status, {{"content-type", "text/xml"}}, std::move(body)};
}

}  // namespace

Result<Json> query_document(const Shape& shape, const sign::Form& form) {
  FormTree tree;
  for (const auto& [name, value] : form) {
    if (name == "Action" || name == "Version" || name.starts_with("X-Amz-")) continue;
    TRY(tree.add(name, value));
  }
  return tree.document(shape);
}

Result<> decode_query(const Shape& shape, const sign::Form& form, void* value) {
  return decode_document(shape, TRY(query_document(shape, form)), value);
}

Reply query_reply(const model::ServiceModel& service, const model::Operation& operation, const Shape& shape,
                  const void* value, std::string_view request_id) {
  std::string out;
  {
    const XmlScope response(out, fmt::format("{}Response", operation.name), service.xml_namespace);
    if (*operation.result_wrapper) {
      const XmlScope result(out, operation.result_wrapper);
      XmlWriter(out).write_members(shape, value);
    } else {
      XmlWriter(out).write_members(shape, value);
    }
    const XmlScope metadata(out, "ResponseMetadata");
    xml_element(out, "RequestId", request_id);
  }
  return xml_reply(200, std::move(out));
}

Reply query_error(const model::ServiceModel* service, const WireError& error, std::string_view request_id) {
  std::string out;
  {
    const XmlScope response(out, "ErrorResponse", service ? service->xml_namespace : "");
    {
      const XmlScope element(out, "Error");
      xml_element(out, "Type", error.status < 500 ? "Sender" : "Receiver");
      xml_element(out, "Code", error.code);
      xml_element(out, "Message", error.message);
    }
    xml_element(out, "RequestId", request_id);
  }
  return xml_reply(error.status, std::move(out));
}

}  // namespace weir::wire
