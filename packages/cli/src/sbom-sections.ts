import type { Placed, SbomDiff } from '@slipway/sbom';
import { list, titled } from './table.ts';

const placedRow = ({ type, name, version, components }: Placed): string[] => [
  type,
  name,
  version,
  list(components),
];

/** One table for each kind of difference that there is. */
export const sbomSections = (diff: SbomDiff, columns: number | undefined): string[] => {
  const section = (title: string, headings: readonly string[], rows: readonly (readonly string[])[]) =>
    titled(title, headings, rows, columns);
  const { components } = diff;
  return [
    ...section(
      'components',
      ['component', 'from', 'to'],
      [
        ...components.added.map((ref) => [ref, '-', 'added']),
        ...components.removed.map((ref) => [ref, 'removed', '-']),
        ...components.changed.map(({ name, from, to }) => [name, from, to]),
      ],
    ),
    ...section('added packages', ['type', 'name', 'version', 'component'], diff.added.map(placedRow)),
    ...section('removed packages', ['type', 'name', 'version', 'component'], diff.removed.map(placedRow)),
    ...section(
      'changed versions',
      ['type', 'name', 'from', 'to'],
      diff.versions.map(({ type, name, from, to }) => [type, name, from, to]),
    ),
    ...section(
      'changed licences',
      ['type', 'name', 'version', 'from', 'to'],
      diff.licenses.map(({ type, name, version, from, to }) => [type, name, version, list(from), list(to)]),
    ),
    ...section(
      'moved between components',
      ['type', 'name', 'version', 'from', 'to'],
      diff.moved.map(({ type, name, version, from, to }) => [type, name, version, list(from), list(to)]),
    ),
  ];
};
