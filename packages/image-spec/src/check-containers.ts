import { capabilityName, CAPABILITIES, suggestCapability } from './capabilities.ts';
import type { Container } from './container.ts';
import { below, type Located } from './image-part.ts';
import { problemAt, type Problem } from './problems.ts';

/** Mounts whose kind says where they go. */
const KNOWN_SOURCES = ['mqueue', 'devpts', 'proc', 'sysfs', 'cgroup'];

const quoted = (text: string): string => JSON.stringify(text);

const checkCapabilities = (container: Located<Container>): Problem[] =>
  (['capabilities', 'capabilities.add', 'ambient'] as const).flatMap((key) => {
    const list = container.value[key] ?? [];
    return list.flatMap((name, index): Problem[] => {
      const { doc, path } = below(container, [key, index], name);
      if (/^(?:all|none)$/i.test(name)) {
        if (list.length === 1) return [];
        return [problemAt(doc, path, `expected ${name} to stand alone; found ${list.length} entries`)];
      }
      if (capabilityName(name) !== undefined) return [];
      return [
        problemAt(doc, path, `Linux has no capability ${quoted(name)}`, {
          found: suggestCapability(name) ?? name,
          allowed: ['all', 'none', ...CAPABILITIES],
        }),
      ];
    });
  });

const checkMounts = (container: Located<Container>): Problem[] =>
  (container.value.mounts ?? []).flatMap((mount, index): Problem[] => {
    const { doc, path } = below(container, ['mounts', index], mount);
    const { type = '', source = '', destination = '' } = mount;
    if (type === '' && !KNOWN_SOURCES.includes(source) && destination !== '/dev')
      return [problemAt(doc, path, 'expected a type: only that of mounts such as proc and sysfs is known')];
    if (destination === '' && !KNOWN_SOURCES.includes(type === '' ? source : type))
      return [problemAt(doc, path, `expected a destination: none is known for the type ${quoted(type)}`)];
    return [];
  });

const checkBinds = (container: Located<Container>): Problem[] =>
  (['binds', 'binds.add'] as const).flatMap((key) =>
    (container.value[key] ?? []).flatMap((bind, index): Problem[] => {
      const { doc, path } = below(container, [key, index], bind);
      const fields = bind.split(':');
      return fields.length < 2 || fields.length > 3 || fields[0] === '' || fields[1] === ''
        ? [problemAt(doc, path, `expected SOURCE:DESTINATION[:OPTIONS], found ${quoted(bind)}`)]
        : [];
    }),
  );

const checkTmpfs = (container: Located<Container>): Problem[] =>
  (container.value.tmpfs ?? []).flatMap((tmpfs, index): Problem[] => {
    const { doc, path } = below(container, ['tmpfs', index], tmpfs);
    return tmpfs.split(':').length > 2 || tmpfs.startsWith(':') || tmpfs === ''
      ? [problemAt(doc, path, `expected DESTINATION[:OPTIONS], found ${quoted(tmpfs)}`)]
      : [];
  });

const checkDevices = (container: Located<Container>): Problem[] =>
  (container.value.devices ?? []).flatMap((device, index): Problem[] => {
    const { doc, path } = below(container, ['devices', index], device);
    return device.path === 'all' || (device.mode ?? '') !== ''
      ? []
      : [problemAt(doc, path, `expected a mode of ${device.path}, such as "0660"; found none`)];
  });

/** What a container says of itself and no schema tells: its small languages within texts. */
export const checkContainer = (container: Located<Container>): Problem[] => [
  ...checkCapabilities(container),
  ...checkMounts(container),
  ...checkBinds(container),
  ...checkTmpfs(container),
  ...checkDevices(container),
];
