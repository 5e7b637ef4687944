import { generate } from 'selfsigned';

/** PEM: an authority of our own, and what it vouches for: a server on this machine. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export async function localCertificates(): Promise<Certificates> {
  const ca = await generate([{ name: 'commonName', value: 'vigie test CA' }], {
    keySize: 2048,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { ca: ca.cert, cert: server.cert, key: server.private };
}
