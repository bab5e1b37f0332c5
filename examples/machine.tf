# Boots an image of `homeseed image` with OpenTofu on a machine of yours that runs libvirt.
#   homeseed image --generic -o golden.qcow2
#   homeseed user-data site.yaml -o user-data
#   tofu init && tofu apply
# Needs libvirt: nothing in this repository tests this file.
terraform {
  required_providers {
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "~> 0.8.0"
    }
  }
}

provider "libvirt" {
  uri = "qemu:///system"
}

resource "libvirt_volume" "golden" {
  name   = "golden.qcow2"
  source = "golden.qcow2"
}

resource "libvirt_volume" "chat" {
  name           = "chat.qcow2"
  base_volume_id = libvirt_volume.golden.id
  size           = 20 * 1024 * 1024 * 1024
}

resource "libvirt_cloudinit_disk" "chat" {
  name      = "chat-seed.iso"
  user_data = file("user-data")
  meta_data = "instance-id: ${filesha256("user-data")}\nlocal-hostname: chat\n"
}

resource "libvirt_domain" "chat" {
  name      = "chat"
  memory    = 1024
  vcpu      = 1
  cloudinit = libvirt_cloudinit_disk.chat.id

  disk {
    volume_id = libvirt_volume.chat.id
    scsi      = true
  }

  network_interface {
    network_name   = "default"
    wait_for_lease = true
  }

  console {
    type        = "pty"
    target_type = "serial"
    target_port = "0"
  }
}

output "address" {
  value = libvirt_domain.chat.network_interface[0].addresses
}
