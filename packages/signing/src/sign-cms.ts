import forge from 'node-forge';

/**
 * Signs with node-forge, which can make CMS but must never check one. Detached; leaf and intermediate go along, so
 * that a device needs the root only.
 *
 * @returns DER
 */
export const signCms = (
  content: Uint8Array,
  signer: { readonly leafKeyPem: string; readonly leafCertPem: string; readonly chainPem: string },
): Uint8Array => {
  const message = forge.pkcs7.createSignedData();
  message.content = forge.util.createBuffer(Buffer.from(content).toString('binary'));
  const leaf = forge.pki.certificateFromPem(signer.leafCertPem);
  message.addCertificate(leaf);
  for (const pem of signer.chainPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ??
    []) {
    message.addCertificate(pem);
  }
  message.addSigner({
    key: signer.leafKeyPem,
    certificate: leaf,
    digestAlgorithm: forge.pki.oids['sha256'] ?? '',
    authenticatedAttributes: [
      { type: forge.pki.oids['contentType'] ?? '', value: forge.pki.oids['data'] ?? '' },
      { type: forge.pki.oids['messageDigest'] ?? '' },
    ],
  });
  message.sign({ detached: true });
  return Buffer.from(forge.asn1.toDer(message.toAsn1()).getBytes(), 'binary');
};
