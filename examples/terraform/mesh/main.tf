# Two versions of a service in a mesh, found by Cloud Map, reached through a virtual gateway, as one writes it for AWS: nothing
# here knows of Weir. What listens is registered as instances, so that no container is needed to see it at work.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  default_tags { tags = { project = var.name } }
}

variable "name" {
  type    = string
  default = "books"
}
variable "gateway_port" {
  type    = number
  default = 8080
}
variable "blue_port" {
  description = "Where the old version listens on this machine."
  type        = number
  default     = 9001
}
variable "green_port" {
  description = "Where the new version does."
  type        = number
  default     = 9002
}
variable "green_weight" {
  description = "Of 100."
  type        = number
  default     = 0
}

locals {
  versions = { blue = var.blue_port, green = var.green_port }
  service  = "web.${aws_service_discovery_private_dns_namespace.apps.name}"
}

# --- names -------------------------------------------------------------------------------------------------------
resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_service_discovery_private_dns_namespace" "apps" {
  name        = "${var.name}.local"
  description = "What the mesh's services are called"
  vpc         = aws_vpc.main.id
}

resource "aws_service_discovery_http_namespace" "calls" {
  name = "${var.name}-calls"
}

resource "aws_service_discovery_service" "web" {
  name = "web"
  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.apps.id
    routing_policy = "MULTIVALUE"
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
  health_check_custom_config {
    failure_threshold = 1
  }
}

resource "aws_service_discovery_service" "calls" {
  name         = "calls"
  namespace_id = aws_service_discovery_http_namespace.calls.id
  description  = "Found by calls alone"
}

resource "aws_service_discovery_instance" "web" {
  for_each    = local.versions
  instance_id = each.key
  service_id  = aws_service_discovery_service.web.id
  attributes = {
    AWS_INSTANCE_IPV4 = "127.0.0.1"
    AWS_INSTANCE_PORT = tostring(each.value)
    version           = each.key
  }
}

# --- mesh --------------------------------------------------------------------------------------------------------
resource "aws_appmesh_mesh" "main" {
  name = var.name
  spec {
    egress_filter {
      type = "DROP_ALL"
    }
  }
}

resource "aws_appmesh_virtual_node" "web" {
  for_each  = local.versions
  name      = "web-${each.key}"
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    listener {
      port_mapping {
        port     = each.value
        protocol = "http"
      }
      health_check {
        protocol            = "http"
        path                = "/health"
        interval_millis     = 5000
        timeout_millis      = 2000
        healthy_threshold   = 2
        unhealthy_threshold = 2
      }
      timeout {
        http {
          per_request {
            unit  = "s"
            value = 20
          }
          idle {
            unit  = "s"
            value = 30
          }
        }
      }
      outlier_detection {
        max_server_errors    = 5
        max_ejection_percent = 50
        base_ejection_duration {
          unit  = "s"
          value = 10
        }
        interval {
          unit  = "s"
          value = 10
        }
      }
      connection_pool {
        http {
          max_connections      = 100
          max_pending_requests = 200
        }
      }
    }
    service_discovery {
      aws_cloud_map {
        namespace_name = aws_service_discovery_private_dns_namespace.apps.name
        service_name   = aws_service_discovery_service.web.name
        attributes     = { version = each.key }
      }
    }
    logging {
      access_log {
        file {
          path = "/dev/stdout"
        }
      }
    }
  }
}

# One that calls the others, and is called by gRPC itself.
resource "aws_appmesh_virtual_node" "reader" {
  name      = "reader"
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    backend {
      virtual_service {
        virtual_service_name = local.service
        client_policy {
          tls {
            enforce = false
            ports   = [8443]
            validation {
              trust {
                file {
                  certificate_chain = "/certificates/authority.pem"
                }
              }
            }
          }
        }
      }
    }
    listener {
      port_mapping {
        port     = 50051
        protocol = "grpc"
      }
      health_check {
        protocol            = "grpc"
        interval_millis     = 5000
        timeout_millis      = 2000
        healthy_threshold   = 2
        unhealthy_threshold = 3
      }
    }
    service_discovery {
      dns {
        hostname = "127.0.0.1"
      }
    }
  }
}

resource "aws_appmesh_virtual_router" "web" {
  name      = "web"
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    listener {
      port_mapping {
        port     = 8080
        protocol = "http"
      }
    }
  }
}

resource "aws_appmesh_route" "beta" {
  name                = "beta"
  mesh_name           = aws_appmesh_mesh.main.id
  virtual_router_name = aws_appmesh_virtual_router.web.name
  spec {
    priority = 1
    http_route {
      match {
        prefix = "/"
        method = "GET"
        header {
          name = "x-beta"
          match {
            range {
              start = 1
              end   = 10
            }
          }
        }
        header {
          name   = "x-old"
          invert = true
        }
        query_parameter {
          name = "beta"
          match {
            exact = "yes"
          }
        }
      }
      action {
        weighted_target {
          virtual_node = aws_appmesh_virtual_node.web["green"].name
          weight       = 1
        }
      }
    }
  }
}

resource "aws_appmesh_route" "all" {
  name                = "all"
  mesh_name           = aws_appmesh_mesh.main.id
  virtual_router_name = aws_appmesh_virtual_router.web.name
  spec {
    http_route {
      match {
        prefix = "/"
      }
      action {
        weighted_target {
          virtual_node = aws_appmesh_virtual_node.web["blue"].name
          weight       = 100 - var.green_weight
        }
        weighted_target {
          virtual_node = aws_appmesh_virtual_node.web["green"].name
          weight       = var.green_weight
        }
      }
      retry_policy {
        http_retry_events = ["gateway-error", "stream-error"]
        tcp_retry_events  = ["connection-error"]
        max_retries       = 2
        per_retry_timeout {
          unit  = "s"
          value = 5
        }
      }
      timeout {
        per_request {
          unit  = "s"
          value = 15
        }
      }
    }
  }
}

resource "aws_appmesh_virtual_router" "reader" {
  name      = "reader"
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    listener {
      port_mapping {
        port     = 50051
        protocol = "grpc"
      }
    }
  }
}

resource "aws_appmesh_route" "read" {
  name                = "read"
  mesh_name           = aws_appmesh_mesh.main.id
  virtual_router_name = aws_appmesh_virtual_router.reader.name
  spec {
    grpc_route {
      match {
        service_name = "books.Reader"
        method_name  = "Read"
        metadata {
          name = "x-shelf"
          match {
            prefix = "a"
          }
        }
      }
      action {
        weighted_target {
          virtual_node = aws_appmesh_virtual_node.reader.name
          weight       = 1
        }
      }
      retry_policy {
        grpc_retry_events = ["unavailable", "internal"]
        max_retries       = 1
        per_retry_timeout {
          unit  = "ms"
          value = 500
        }
      }
    }
  }
}

resource "aws_appmesh_virtual_service" "web" {
  name      = local.service
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    provider {
      virtual_router {
        virtual_router_name = aws_appmesh_virtual_router.web.name
      }
    }
  }
}

resource "aws_appmesh_virtual_service" "reader" {
  name      = "reader.${aws_service_discovery_private_dns_namespace.apps.name}"
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    provider {
      virtual_router {
        virtual_router_name = aws_appmesh_virtual_router.reader.name
      }
    }
  }
}

# --- from outside ------------------------------------------------------------------------------------------------
resource "aws_appmesh_virtual_gateway" "edge" {
  name      = "edge"
  mesh_name = aws_appmesh_mesh.main.id
  spec {
    listener {
      port_mapping {
        port     = var.gateway_port
        protocol = "http"
      }
      health_check {
        protocol            = "http"
        path                = "/health"
        interval_millis     = 5000
        timeout_millis      = 2000
        healthy_threshold   = 2
        unhealthy_threshold = 2
      }
    }
  }
}

resource "aws_appmesh_gateway_route" "books" {
  name                 = "books"
  mesh_name            = aws_appmesh_mesh.main.id
  virtual_gateway_name = aws_appmesh_virtual_gateway.edge.name
  spec {
    http_route {
      match {
        prefix = "/books/"
      }
      action {
        target {
          virtual_service {
            virtual_service_name = aws_appmesh_virtual_service.web.name
          }
        }
        rewrite {
          prefix {
            value = "/shelf/"
          }
        }
      }
    }
  }
}

output "url" {
  value = "http://127.0.0.1:${var.gateway_port}/books/"
}
output "route" {
  value = aws_appmesh_route.all.arn
}
