import { createHash } from 'node:crypto';
import type { Component } from '@slipway/components';
import { parseReference } from '@slipway/image-spec';
import { Digest, type ResolvedComponent } from '@slipway/protocol';

/** The same packages give the same digest, whatever order they come in. */
const digestOfOrigins = ({ origins }: Component): Digest => {
  const lines = origins.map(({ purl, digest }) => `${purl} ${digest}\n`).sort();
  return Digest.parse(`sha256:${createHash('sha256').update(lines.join('')).digest('hex')}`);
};

const toResolved = (component: Component): ResolvedComponent => {
  const { ref, digest, origins } = component;
  const reference = parseReference(ref);
  const content = digest ?? digestOfOrigins(component);
  if (reference.type === 'deb') return { reference: ref, kind: 'deb', name: reference.name, digest: content };
  const version = origins[0]?.version;
  const told = { reference: ref, digest: content, ...(version === undefined ? {} : { version }) };
  if (reference.type === 'dockerfile') return { ...told, kind: 'local', name: reference.name };
  return reference.type === 'registry'
    ? { ...told, kind: 'oci', name: `${reference.registry}/${reference.repository}` }
    : { ...told, kind: 'local', name: reference.path };
};

/** What every reference became, each once and in the order of the references. */
export const resolvedComponents = (components: readonly Component[]): ResolvedComponent[] => {
  const byReference = new Map(components.map((component) => [component.ref, component]));
  return [...byReference.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, component]) => toResolved(component));
};
