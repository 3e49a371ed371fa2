import { describe, expect, test } from 'vitest';
import { thrownBy } from './fixture/thrown-by.ts';
import { parseImageFiles } from './parse-image.ts';
import type { PathOptions } from './place.ts';

const parse = (file: object, name: string, options?: PathOptions) =>
  parseImageFiles([{ name, text: JSON.stringify(file) }], options);
const imageOf = (image: string, name: string, options?: PathOptions) =>
  parse({ services: [{ name: 'a', image }] }, name, options).services[0]?.image;
const sourceOf = (source: string, name: string, options?: PathOptions) =>
  parse({ files: [{ path: 'a', source }] }, name, options).files[0]?.source;

describe('within an image repository', () => {
  test.each([
    ['oci:web', 'images/a.yml', 'oci:images/web'],
    ['oci-archive:../web.tar:1', 'images/a.yml', 'oci-archive:web.tar:1'],
    ['docker-archive:./web.tar:web:1', 'a.yml', 'docker-archive:web.tar:web:1'],
    ['alpine', 'images/a.yml', 'alpine'],
    ['linuxkit/init:abc', 'a.yml', 'linuxkit/init:abc'],
  ])('%s of %s is %s', (image, name, moved) => {
    expect(imageOf(image, name)).toBe(moved);
  });

  test('every place that names an image is looked at', () => {
    const list = [{ name: 'a', image: 'oci:x' }];
    expect(
      parse(
        {
          kernel: { image: 'oci:x' },
          init: ['oci:x'],
          volumes: list,
          onboot: list,
          onshutdown: list,
          services: list,
        },
        'images/a.yml',
      ),
    ).toMatchObject({
      kernel: { image: 'oci:images/x' },
      init: ['oci:images/x'],
      volumes: [{ image: 'oci:images/x' }],
      onboot: [{ image: 'oci:images/x' }],
      onshutdown: [{ image: 'oci:images/x' }],
      services: [{ image: 'oci:images/x' }],
    });
  });

  test('a source is relative to the image file', () => {
    expect(sourceOf('b', 'images/a.yml')).toBe('images/b');
  });

  test.each(['oci:/srv/x', 'oci:~/x', 'oci:../../x', 'oci-archive:/x.tar', 'docker-archive:../../x.tar'])(
    '%s is refused',
    (image) => {
      const error = thrownBy(() => imageOf(image, 'images/a.yml', { home: '/root' }));
      expect(error.code).toBe('SPEC_INVALID');
      expect(error.details).toMatchObject({ key: 'services[0].image', line: 1 });
    },
  );

  test.each(['/etc/shadow', '~/.ssh/id_rsa', '../../x'])('a source %s is refused', (source) => {
    const error = thrownBy(() => sourceOf(source, 'images/a.yml'));
    expect(error.details).toMatchObject({ key: 'files[0].source' });
  });
});

test('every path and reference that is refused is named', () => {
  const error = thrownBy(() =>
    parse({ init: ['oci:/a', 'A', 'oci:b'], files: [{ path: 'a', source: '/b' }] }, 'a.yml'),
  );
  expect(error.code).toBe('COMPONENT_REF_INVALID');
  expect(error.message.match(/^a\.yml:1:\d+: [^:]*/gm)).toEqual([
    'a.yml:1:19: init[1]',
    'a.yml:1:10: init[0]',
    'a.yml:1:62: files[0].source',
  ]);
});

describe('in a working directory', () => {
  const options = { paths: 'working-directory', home: '/home/me' } as const;

  test.each([
    ['oci:web', 'images/a.yml', 'oci:images/web'],
    ['oci:web', '/srv/a.yml', 'oci:/srv/web'],
    ['oci:web', '-', 'oci:web'],
    ['oci:../../web', 'images/a.yml', 'oci:../web'],
    ['oci:/srv/web', 'a.yml', 'oci:/srv/web'],
    ['oci:~/web', 'a.yml', 'oci:/home/me/web'],
    ['alpine', 'images/a.yml', 'alpine'],
  ])('%s of %s is %s', (image, name, moved) => {
    expect(imageOf(image, name, options)).toBe(moved);
  });

  test('home must be known where it is named', () => {
    const error = thrownBy(() => imageOf('oci:~/web', 'a.yml', { paths: 'working-directory' }));
    expect(error.code).toBe('SPEC_INVALID');
  });

  test.each(['b', '../b', '/etc/hosts', '~/.ssh/id_rsa.pub'])('a source %s stays as it is', (source) => {
    expect(sourceOf(source, 'images/a.yml', options)).toBe(source);
  });
});
