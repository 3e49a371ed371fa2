import { planKernelLayer, planLayer } from './layer.ts';
import type { Entry } from './tar.ts';

const MB = 1_000_000;

export type Layer = { readonly name: string; readonly entries: () => Entry[] };
export type Image = {
  readonly name: string;
  readonly tag: string;
  /** lowest first; layers of the same name are the same */
  readonly layers: readonly Layer[];
  readonly command: readonly string[];
  readonly label: object;
};

const layer = (name: string, bytes: number, text: number): Layer => ({
  name,
  entries: () => planLayer({ name, bytes, text }),
});

/** What changes in the rebuild. */
export const CHANGED = 'web';

/**
 * Eleven images, 400 MB of layers at scale 1, counted as often as they are used: a kernel, three init images, two to run
 * on boot, five services. Four services share a base of 40 MB, the other containers one of 8 MB.
 *
 * @param versions of the image that changes: 1, 2, …
 */
export const planImages = (scale: number, versions: number): Image[] => {
  const mb = (size: number): number => size * scale * MB;
  const slim = layer('slim', mb(40), 0.35);
  const tiny = layer('tiny', mb(8), 0.25);
  const container = (name: string, base: Layer, size: number, text: number, label: object = {}): Image => ({
    name,
    tag: '1',
    layers: [base, layer(name, mb(size), text)],
    command: [`/usr/bin/${name}0`],
    label,
  });
  const init = (name: string, size: number, text: number): Image => ({
    name,
    tag: '1',
    layers: [layer(name, mb(size), text)],
    command: [],
    label: {},
  });
  return [
    {
      name: 'kernel',
      tag: '1',
      layers: [{ name: 'kernel', entries: () => planKernelLayer(mb(48)) }],
      command: [],
      label: {},
    },
    init('init', 6, 0.4),
    init('runc', 12, 0.02),
    init('containerd', 44, 0.03),
    container('sysctl', tiny, 1, 0.5, { readonly: true, capabilities: ['CAP_SYS_ADMIN'], net: 'host' }),
    container('dhcpcd', tiny, 3, 0.3, { readonly: true, capabilities: ['CAP_NET_ADMIN'], net: 'host' }),
    container('sshd', slim, 6, 0.3),
    container('database', slim, 30, 0.1),
    container('agent', slim, 22, 0.85),
    container('metrics', tiny, 20, 0.05, { readonly: true, pid: 'host' }),
    ...Array.from({ length: versions }, (_, index): Image => {
      const version = String(index + 1);
      const own = layer(`${CHANGED}-${version}`, mb(12), 0.5);
      const command = [`/usr/bin/${own.name}0`];
      return { name: CHANGED, tag: version, layers: [slim, own], command, label: { net: 'host' } };
    }),
  ];
};
