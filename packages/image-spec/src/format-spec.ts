import { IMAGE_DEFAULTS, type ImageFile } from './image-file.ts';
import { formatJson } from './json-text.ts';
import { fields, linuxkitFields, plain, type SpecFormat } from './spec-fields.ts';
import { formatSize } from './size.ts';
import { formatYaml, type Fields } from './yaml-text.ts';

const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

const RATES = ['maxRate', 'maxRateUnmetered', 'logBudgetPerDay'];

/** As they are written: 64M, not 67108864. */
const withSizes = (values: object, sizes: readonly string[]): object =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]: [string, unknown]) => [
      key,
      sizes.includes(key) && typeof value === 'number' ? formatSize(value) : value,
    ]),
  );

/** Slipway's own keys, where they say more than their defaults do. */
const slipwayFields = (spec: ImageFile): Fields => {
  const { deadline, stable, services, broker, probes, resources } = spec.health;
  const usual = { ...IMAGE_DEFAULTS.health, services: spec.services.map(({ name }) => name), probes: [] };
  const health = (
    [
      ['deadline', deadline, usual.deadline],
      ['stable', stable, usual.stable],
      ['services', services, usual.services],
      ['broker', broker, usual.broker],
      ['probes', probes, usual.probes],
      [
        'resources',
        resources === undefined ? undefined : withSizes(resources, ['memory', 'disk']),
        undefined,
      ],
    ] as const
  ).flatMap(([key, value, normal]) => (differs(value, normal) ? [[key, plain(value)] as const] : []));
  const usualAgent: ImageFile['agent'] = IMAGE_DEFAULTS.agent;
  const agent = (['enabled', 'runtime', 'timeZone', 'remoteRollback'] as const).flatMap((key) =>
    spec.agent[key] === usualAgent[key] ? [] : [[key, plain(spec.agent[key])] as const],
  );
  return fields([
    ['packages', Object.keys(spec.packages).length === 0 ? undefined : plain(spec.packages)],
    ['dockerfiles', Object.keys(spec.dockerfiles).length === 0 ? undefined : plain(spec.dockerfiles)],
    ['debian', spec.debian === undefined ? undefined : plain(spec.debian)],
    ['deviceNodes', spec.deviceNodes.length === 0 ? undefined : plain(spec.deviceNodes)],
    ['agent', agent.length === 0 ? undefined : new Map(agent)],
    ['modules', spec.modules.length === 0 ? undefined : plain(spec.modules)],
    ['health', health.length === 0 ? undefined : new Map(health)],
    ['link', Object.keys(spec.link).length === 0 ? undefined : plain(withSizes(spec.link, RATES))],
    ['diagnostics', spec.diagnostics.length === 0 ? undefined : plain(spec.diagnostics)],
  ]);
};

/**
 * The resolved specification of an image: one file that says what all its files say together, in the layout in which
 * LinuxKit prints it (`--dry-run`); Slipway's own keys come last and only where they differ from their defaults. As YAML
 * it is an image file again, to be read at the root of the repository.
 */
export const formatSpec = (spec: ImageFile, as: SpecFormat = 'yaml'): string => {
  const all: Fields = new Map([...linuxkitFields(spec, as), ...slipwayFields(spec)]);
  return as === 'yaml' ? formatYaml(all) : formatJson(all);
};
