import { join } from 'node:path';
import { run } from './run.ts';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650'];

/** An authority, a server's certificate for loopback, and a client's, made by openssl as PEM files in a folder. */
export const makeCertificates = async (folder: string) => {
  const file = (name: string) => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) });
  const [ca, server, client] = [file('ca'), file('server'), file('client')];
  const make = async (name: string, to: { cert: string; key: string }, ...more: readonly string[]) =>
    run(
      'openssl',
      'req',
      '-x509',
      ...KEY,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      to.key,
      '-out',
      to.cert,
      ...more,
    );
  const issued = ['-CA', ca.cert, '-CAkey', ca.key, '-addext', 'basicConstraints=critical,CA:FALSE'];
  await make('authority', ca);
  await make('server', server, ...issued, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  await make('client', client, ...issued, '-addext', 'extendedKeyUsage=clientAuth');
  return { ca, server, client };
};
