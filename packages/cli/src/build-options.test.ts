import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { BuildOptions, buildTarget } from './build-options.ts';
import { showProgress } from './build-progress.ts';

const options = (own: object): BuildOptions => BuildOptions.parse(own);

test.each([
  [['edge.yml'], {}, { formats: ['kernel+initrd'], name: 'edge' }],
  [['base.yml', 'dir/edge.x.yaml'], {}, { formats: ['kernel+initrd'], name: 'edge.x' }],
  [['-'], {}, { formats: ['kernel+initrd'], name: 'moby' }],
  [['edge.yml'], { output: '-' }, { formats: ['tar'], output: '-' }],
  [['edge.yml'], { output: 'x.oci', format: ['oci'] }, { formats: ['oci'], output: 'x.oci' }],
  [['edge.yml'], { name: 'n', format: ['tar,oci', 'tar'] }, { formats: ['tar', 'oci'], name: 'n' }],
])('%j with %j', (files, own, target) => {
  expect(buildTarget(files, options(own))).toMatchObject(target);
});

test.each([
  [['a.yml'], { output: 'x', dir: 'd' }],
  [['a.yml'], { output: 'x', name: 'n' }],
  [['a.yml'], { output: 'x', format: ['tar,oci'] }],
  [['a.yml'], { output: 'x', format: ['kernel+initrd'] }],
  [['-', '-'], {}],
  [['a.yml'], { offline: true, pull: true }],
])('%j with %j is refused', (files, own) => {
  const refused = (): unknown => {
    try {
      return buildTarget(files, options(own));
    } catch (error) {
      return codeOf(error);
    }
  };
  expect(refused()).toBe('USAGE');
});

test.each([
  [undefined, ['cyclonedx']],
  [false, []],
  [['none'], []],
  [['spdx'], ['spdx']],
  [['spdx,cyclonedx'], ['spdx', 'cyclonedx']],
])('--sbom %j', (sbom, kinds) => {
  expect(options({ sbom }).sbom).toEqual(kinds);
});

test('an unknown kind of SBOM is refused', () => {
  expect(BuildOptions.safeParse({ sbom: ['swid'] }).success).toBe(false);
  expect(BuildOptions.safeParse({ sbom: ['none,spdx'] }).success).toBe(false);
});

test('progress of one step comes no faster than it can be read; a new step and the end always come', () => {
  const lines: string[] = [];
  let time = 0;
  const show = showProgress({ err: (line) => lines.push(line) }, true, () => time);
  show({ step: 'resolved 1 of 9 components', percent: 0 });
  show({ step: 'resolved 2 of 9 components', percent: 10 });
  time = 1000;
  show({ step: 'resolved 9 of 9 components', percent: 50 });
  time = 1001;
  show({ step: 'assembling the tree', percent: 50 });
  show({ step: 'done', percent: 100 });
  expect(lines).toEqual([
    '  0 %  resolved 1 of 9 components',
    ' 50 %  resolved 9 of 9 components',
    ' 50 %  assembling the tree',
    '100 %  done',
  ]);
});
