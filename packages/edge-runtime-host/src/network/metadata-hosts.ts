// Hosts where clouds give their machines keys and configuration. Most answer at link-local addresses, which are closed
// anyway; the names are closed too, since what they resolve to is the network's choice, and so are the public addresses.

const METADATA_NAMES: ReadonlySet<string> = new Set([
  // Google Cloud
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  // AWS
  "instance-data",
  "instance-data.ec2.internal",
  // Azure
  "metadata.azure.com",
  "metadata.azure.internal",
  // Equinix Metal
  "metadata.packet.net",
  "metadata.platformequinix.com",
  // Tencent Cloud
  "metadata.tencentyun.com",
  // OVH, OpenStack
  "metadata.ovh.net",
  // Rancher
  "rancher-metadata",
]);

const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  // AWS, Google Cloud, Azure, DigitalOcean, Oracle, OpenStack, IBM, Hetzner
  "169.254.169.254",
  "fe80::a9fe:a9fe",
  // AWS: the same over IPv6, credentials of containers and pods, time, resolver
  "fd00:ec2::254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::23",
  "169.254.169.123",
  "169.254.169.253",
  // Google Cloud over IPv6
  "fd20:ce::254",
  // Tencent Cloud, Scaleway
  "169.254.0.23",
  "169.254.42.42",
  "fd00:42::42",
  // Alibaba Cloud
  "100.100.100.200",
  // Oracle Cloud, older machines
  "192.0.0.192",
  // Azure's platform services, at a public address
  "168.63.129.16",
]);

/** `host` is a canonical name. */
export function isMetadataName(host: string): boolean {
  return METADATA_NAMES.has(host);
}

/** `address` is a canonical one. */
export function isMetadataAddress(address: string): boolean {
  return METADATA_ADDRESSES.has(address);
}
