import { describe, expect, test } from 'vitest';
import { lookAtWaiting } from './waiting.ts';
import { qualificationWish } from './wish.ts';

const IMAGE = "kernel: {image: 'deb:k'}\npackages: {k: {install: [linux]}}\n";
const request = (more: string, image = IMAGE) => ({
  imageFiles: [{ name: 'c.yml', text: image }],
  classFile: { name: 'classes/c.yml', text: `name: c\narch: amd64\nimages: [../c.yml]\n${more}` },
});

describe('what the class of a release says of its qualification', () => {
  test.each([
    ['', { state: 'pending' }],
    ['qualification: on\n', { state: 'pending' }],
    ['qualification: off\n', { state: 'skipped', reason: 'its class says qualification: off' }],
    ['qualification: on\nbootLoader: u-boot\n', { state: 'skipped' }],
  ])('%j', (more, wish) => {
    expect(qualificationWish(request(more))).toMatchObject(wish);
  });

  test('what has no agent cannot tell how it is', () => {
    expect(qualificationWish(request('', `${IMAGE}agent: {enabled: false}\n`))).toEqual({
      state: 'skipped',
      reason: 'its image has no agent that could tell how it is',
    });
  });

  test('a build of which there is no record is not held up', () => {
    expect(qualificationWish(null).state).toBe('skipped');
  });
});

describe('a release that no qualifier has begun', () => {
  const able = { arches: ['amd64' as const], cannot: { arm64: 'no qemu' } };
  const unable = { arches: ['arm64' as const], cannot: { amd64: 'qemu-system-x86_64 is not installed' } };
  const LONG = 3_600_000;

  test.each([
    ['waits where there is no qualifier at all, however long', [], LONG, 'waiting for a qualifier for amd64'],
    ['waits for its turn at one that can', [unable, able], LONG, 'waiting for its turn at a qualifier'],
    ['gives another machine time to come back', [unable], 1000, 'waiting for a qualifier for amd64'],
  ])('%s', (_title, qualifiers, waitedMs, step) => {
    expect(lookAtWaiting('amd64', qualifiers, waitedMs)).toMatchObject({ step });
  });

  test('is skipped where all there are cannot, with the reason', () => {
    expect(lookAtWaiting('amd64', [unable], LONG)).toEqual({
      skip: 'no qualifier can start devices for amd64: qemu-system-x86_64 is not installed',
    });
  });
});
