#include "api/acm/actions.h"

namespace weir::api::acm {

void add_actions(ActionTable& table, CertificateKeep& keep) {
  table.add<shapes::ImportCertificateRequest, shapes::ImportCertificateResponse>(
      "acm", "ImportCertificate",
      [&keep](Context& context, const auto& request) { return import_certificate(context, keep, request); });
  table.add<shapes::DeleteCertificateRequest, shapes::DeleteCertificateResponse>(
      "acm", "DeleteCertificate",
      [&keep](Context& context, const auto& request) { return delete_certificate(context, keep, request); });
  table.add("acm", "DescribeCertificate", &describe_certificate);
  table.add("acm", "GetCertificate", &get_certificate);
  table.add("acm", "ListCertificates", &list_certificates);
  table.add("acm", "AddTagsToCertificate", &add_tags);
  table.add("acm", "RemoveTagsFromCertificate", &remove_tags);
  table.add("acm", "ListTagsForCertificate", &list_tags);
}

}  // namespace weir::api::acm
