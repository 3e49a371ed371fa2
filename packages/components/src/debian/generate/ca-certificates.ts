import { SlipwayError } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { fileEntry, symlinkEntry } from '../made-entry.ts';
import type { TarEntry } from '../../tar-reader.ts';
import { byCode, newest, textAt, type Rule } from './scene.ts';
import { subjectHash } from './subject-hash.ts';

const CERTIFICATE = /^usr\/(?:local\/)?share\/ca-certificates\/.*\.crt$/;
const FOLDER = 'etc/ssl/certs';
const BUNDLE = `${FOLDER}/ca-certificates.crt`;

const pemName = (path: string): string =>
  `${path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.crt$/, '')
    .replaceAll(/[ ,]/g, '_')
    .replaceAll(/[()]/g, '=')}.pem`;

const derOf = (pem: string, path: string): Buffer => {
  const base64 = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1];
  if (base64 === undefined)
    throw new SlipwayError('COMPONENT_INVALID', `${path}: expected a certificate in PEM, found none`, {
      details: { entry: path },
    });
  return Buffer.from(base64, 'base64');
};

/** `HASH.0`, `HASH.1` …, for certificates of one subject in the order of their names; the same one twice counts once. */
const hashLinks = (pems: ReadonlyMap<string, Buffer>): [string, string][] => {
  const byHash = new Map<string, Map<string, string>>();
  for (const [name, der] of [...pems].sort(([a], [b]) => byCode(a, b))) {
    const fingerprint = createHash('sha1').update(der).digest('hex');
    const hash = subjectHash(der);
    const alike = byHash.get(hash) ?? new Map<string, string>();
    if (!alike.has(fingerprint)) alike.set(fingerprint, name);
    byHash.set(hash, alike);
  }
  return [...byHash].flatMap(([hash, names]) =>
    [...names.values()].map((name, index): [string, string] => [`${hash}.${index}`, name]),
  );
};

/**
 * What update-ca-certificates(8) makes with every certificate trusted: the bundle, a link per certificate that stays,
 * and a link per subject for programs that look in the directory.
 */
export const caCertificates: Rule = {
  needs: 'certificates under usr/share/ca-certificates; install ca-certificates',
  make(scene) {
    // Those of the distribution come before those of `usr/local`, each in the order of their names.
    const paths = [...scene.entries.keys()]
      .filter((path) => CERTIFICATE.test(path))
      .sort(
        (a, b) => Number(a.startsWith('usr/local/')) - Number(b.startsWith('usr/local/')) || byCode(a, b),
      );
    if (paths.length === 0) return undefined;
    const mtime = newest(paths.flatMap((path) => scene.entries.get(path) ?? []));
    let bundle = '';
    const pems = new Map<string, Buffer>();
    const links: TarEntry[] = [];
    for (const path of paths) {
      const pem = textAt(scene, path) ?? '';
      bundle += pem.endsWith('\n') ? pem : `${pem}\n`;
      const der = derOf(pem, path);
      if (!scene.kept.has(path)) continue;
      const name = pemName(path);
      pems.set(name, der);
      links.push(symlinkEntry(`${FOLDER}/${name}`, `/${path}`, mtime));
    }
    return [
      fileEntry(BUNDLE, Buffer.from(bundle), mtime),
      ...links,
      ...hashLinks(pems).map(([name, target]) => symlinkEntry(`${FOLDER}/${name}`, target, mtime)),
    ];
  },
};
