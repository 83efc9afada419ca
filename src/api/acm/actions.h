// acm: certificates that were imported. Each function is one operation as AWS documents it. Control thread.
#pragma once

#include <span>

#include "api/acm/certificate_keep.h"
#include "api/action.h"
#include "api/refused.h"
#include "model/acm/shapes.h"

namespace weir::api::acm {

namespace shapes = model::acm;

// A new certificate, or a new one in place of the one that it names. `keep` holds the key.
Result<shapes::ImportCertificateResponse> import_certificate(Context&, CertificateKeep& keep,
                                                             const shapes::ImportCertificateRequest&);
Result<shapes::DeleteCertificateResponse> delete_certificate(Context&, CertificateKeep& keep,
                                                             const shapes::DeleteCertificateRequest&);
Result<shapes::DescribeCertificateResponse> describe_certificate(Context&, const shapes::DescribeCertificateRequest&);
Result<shapes::GetCertificateResponse> get_certificate(Context&, const shapes::GetCertificateRequest&);
Result<shapes::ListCertificatesResponse> list_certificates(Context&, const shapes::ListCertificatesRequest&);
Result<shapes::AddTagsToCertificateResponse> add_tags(Context&, const shapes::AddTagsToCertificateRequest&);
Result<shapes::RemoveTagsFromCertificateResponse> remove_tags(Context&,
                                                              const shapes::RemoveTagsFromCertificateRequest&);
Result<shapes::ListTagsForCertificateResponse> list_tags(Context&, const shapes::ListTagsForCertificateRequest&);

// `keep` outlives the table.
void add_actions(ActionTable& table, CertificateKeep& keep);

std::span<const RefusedOf> refused();

}  // namespace weir::api::acm
