import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AbortController } from './abort.ts';
import { atob as ourAtob, btoa as ourBtoa } from './base64.ts';
import { TextDecoder as OurDecoder, TextEncoder as OurEncoder } from './text.ts';
import { URL as OurUrl } from './url.ts';

/** Held against what Node has of the same name. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => new Uint8Array(Buffer.from(text))),
  // Faults of UTF-8 are rare among random bytes.
  fc.array(fc.constantFrom(0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x90, 0xf4, 0xc0, 0xe2, 0x82, 0xac, 0x41, 0xff), { maxLength: 12 }).map((list) => Uint8Array.from(list)), // prettier-ignore
);

describe('text', () => {
  test('is decoded as Node does it, faults and all', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        expect(new OurDecoder().decode(input)).toBe(new TextDecoder().decode(input));
      }),
      { numRuns: 2000 },
    );
    expect(new OurDecoder().decode()).toBe('');
    expect(new OurDecoder().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('A');
  });

  test('is encoded as Node does it, halves of pairs and all', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }), (units) => {
        const text = String.fromCharCode(...units);
        expect(Buffer.from(new OurEncoder().encode(text))).toEqual(
          Buffer.from(new TextEncoder().encode(text)),
        );
      }),
    );
    const long = 'long, with ü and 🐙; '.repeat(5000);
    expect(new OurDecoder().decode(new OurEncoder().encode(long))).toBe(long);
  });
});

test('base64 goes both ways as on Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (input) => {
      const text = String.fromCharCode(...input);
      expect(ourBtoa(text)).toBe(btoa(text));
      expect(ourAtob(btoa(text))).toBe(text);
    }),
  );
  for (const wrong of ['a', 'ab=c', '***', 'abcde']) expect(() => ourAtob(wrong)).toThrow('base64');
  expect(ourAtob(' YQ = = ')).toBe('a');
  expect(() => ourBtoa('€')).toThrow('wider');
});

describe('URL', () => {
  const parts = (url: URL | OurUrl) => {
    const { href, protocol, host, hostname, port, pathname, search, hash, origin } = url;
    return { href, protocol, host, hostname, port, pathname, search, hash, origin };
  };

  test.each([
    'https://example.com/',
    'https://Example.COM:8443/a/b?c=d#e',
    'http://[::1]:8080/x',
    'https://10.0.2.2:8443',
    'http://user:secret@host/path',
  ])('%s is taken apart as Node does it', (text) => {
    const theirs = new URL(text);
    // Credentials are left out: an address of a server has none.
    const expected = { ...parts(theirs), href: theirs.href.replace(/\/\/[^/@]*@/, '//') };
    expect(parts(new OurUrl(text))).toEqual(expected);
  });

  test.each(['no url', '/only/a/path', 'http://', 'https://exa mple.com/', 'http://127.0.0.1:8x/', 'a:b'])(
    '%s is refused',
    (text) => {
      expect(() => new OurUrl(text)).toThrow('expected a URL');
    },
  );

  test('a path is one of the base', () => {
    for (const path of ['/v1/enrol', 'other', 'https://else.example/x']) {
      expect(new OurUrl(path, 'https://a.example:1/b/c?d').href).toBe(
        new URL(path, 'https://a.example:1/b/c?d').href,
      );
    }
  });
});

describe('AbortController', () => {
  test('tells once, with its reason, and no longer where it was asked not to', () => {
    const controller = new AbortController();
    const told: string[] = [];
    const gone = (): void => {
      told.push('gone');
    };
    controller.signal.addEventListener('abort', () => told.push('first'));
    controller.signal.addEventListener('abort', gone);
    controller.signal.removeEventListener('abort', gone);
    controller.signal.throwIfAborted();
    const reason = new Error('because');
    controller.abort(reason);
    controller.abort(new Error('again'));
    expect(told).toEqual(['first']);
    expect(controller.signal.reason).toBe(reason);
    expect(() => {
      controller.signal.throwIfAborted();
    }).toThrow('because');
  });
});
