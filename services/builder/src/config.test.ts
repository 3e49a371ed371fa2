import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseBuilderConfig } from './config.ts';

const ENVIRONMENT = {
  SLIPWAY_STORE: '/s',
  SLIPWAY_CACHE: '/c',
  SLIPWAY_IMAGES: '/i',
  SLIPWAY_AGENT_BUNDLES: '/a',
  REDIS_URL: 'unix:///r.sock',
};

test('two builds run at once unless told otherwise', () => {
  expect(parseBuilderConfig(ENVIRONMENT)).toMatchObject({ concurrency: 2, stalledMs: 15_000 });
  expect(parseBuilderConfig({ ...ENVIRONMENT, SLIPWAY_CONCURRENCY: '5' })).toMatchObject({ concurrency: 5 });
});

test('a worker takes classes of any architecture without special needs unless told otherwise', () => {
  expect(parseBuilderConfig(ENVIRONMENT)).toMatchObject({
    arches: ['amd64', 'arm64', 'arm/v7', 'riscv64'],
    capabilities: [],
  });
  const told = { SLIPWAY_BUILDER_ARCHES: 'arm64', SLIPWAY_BUILDER_CAPABILITIES: 'lab, hsm' };
  expect(parseBuilderConfig({ ...ENVIRONMENT, ...told })).toMatchObject({
    arches: ['arm64'],
    capabilities: ['lab', 'hsm'],
  });
  expect(() => parseBuilderConfig({ ...ENVIRONMENT, SLIPWAY_BUILDER_ARCHES: 'mips' })).toThrow(
    /SLIPWAY_BUILDER_ARCHES/,
  );
});

test('a worker runs what Dockerfiles say only where it is told to, and then says that it can', () => {
  const off = parseBuilderConfig({ ...ENVIRONMENT, SLIPWAY_BUILDKIT: 'tcp://b:1' });
  expect(off).toMatchObject({ capabilities: [], dockerfileBuilds: undefined });
  const on = { ...ENVIRONMENT, SLIPWAY_DOCKERFILE_BUILDS: 'on', SLIPWAY_BUILDER_CAPABILITIES: 'lab' };
  expect(parseBuilderConfig(on)).toMatchObject({ capabilities: ['lab', 'dockerfile'], dockerfileBuilds: {} });
  const buildkit = { SLIPWAY_BUILDKIT: 'tcp://b:1', SLIPWAY_BUILDKIT_CERTIFICATES: '/tls' };
  expect(parseBuilderConfig({ ...on, ...buildkit }).dockerfileBuilds).toEqual({
    buildkit: { address: 'tcp://b:1', certificates: '/tls' },
  });
  expect(() => parseBuilderConfig({ ...ENVIRONMENT, SLIPWAY_DOCKERFILE_BUILDS: 'yes' })).toThrow(
    /SLIPWAY_DOCKERFILE_BUILDS/,
  );
});

test('two workers never have one name', () => {
  const name = { ...ENVIRONMENT, SLIPWAY_BUILDER_NAME: 'east' };
  const names = [parseBuilderConfig(name).worker, parseBuilderConfig(name).worker];
  expect(names[0]).toMatch(/^east-[0-9a-f]{6}$/);
  expect(new Set(names).size).toBe(2);
});

test('every setting that is missing or wrong is named at once', () => {
  let error: unknown;
  try {
    parseBuilderConfig({ REDIS_URL: 'unix:///r.sock', SLIPWAY_CONCURRENCY: '0' });
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('CONFIG_INVALID');
  for (const name of ['SLIPWAY_STORE', 'SLIPWAY_CACHE', 'SLIPWAY_AGENT_BUNDLES', 'SLIPWAY_CONCURRENCY'])
    expect(messageOf(error)).toContain(name);
});
