import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { importsBelow } from './imports.ts';

const root = join(import.meta.dirname, '..', '..');

const SERVICES = /^@slipway\/(?:api|builder|signer|qualifier|gateway)(?:\/|$)/;
const INFRA = /^@slipway\/(?:local|demo|setup|mosquitto|bench|campaign|fleet-sim|browser)(?:\/|$)/;
const AGENT = /^@slipway\/device-agent(?:\/|$)/;

type Rule = {
  readonly name: string;
  readonly in: RegExp;
  readonly forbidden: RegExp;
  readonly except?: RegExp;
  readonly because: string;
};

/** The map of forbidden imports. Paths are relative to the root of the repository; tests are held to it like sources. */
const RULES: readonly Rule[] = [
  {
    name: 'packages know no service, agent, infra or test',
    in: /^packages\//,
    forbidden: new RegExp(
      `${SERVICES.source}|${INFRA.source}|${AGENT.source}|^services/|^infra/|^device-agent/|^test/`,
    ),
    because: 'packages are what the others stand on; an import back would be a cycle',
  },
  {
    name: 'services know no service, agent or infra',
    in: /^services\//,
    forbidden: new RegExp(`${SERVICES.source}|${AGENT.source}|^device-agent/|^test/`),
    because: 'services run in processes and on machines of their own and speak by queue, store and wire',
  },
  {
    name: 'the agent stands on protocol and bundle alone',
    in: /^device-agent\//,
    forbidden: /^@slipway\/(?!protocol|bundle|device-agent)|^services\/|^infra\/|^packages\//,
    except: /\.(?:test|int)\.ts$|^device-agent\/src\/(?:fixture|runtime\/conformance)\//,
    because: 'whatever it imports is shipped to every device',
  },
  {
    name: 'the core of the agent uses no node: API',
    in: /^device-agent\/src\/core\//,
    forbidden: /^node:|^mqtt|^device-agent\/src\/runtime\/node/,
    except: /\.(?:test|int)\.ts$/,
    because: 'the core also runs on a runtime smaller than Node',
  },
  {
    name: 'the protocol uses no node: API',
    in: /^packages\/protocol\//,
    forbidden: /^node:/,
    except: /\.test\.ts$/,
    because: 'the core of the agent is built on it',
  },
  {
    name: 'nothing verifies with node-forge',
    in: /^(?!packages\/signing\/)/,
    forbidden: /^node-forge/,
    because:
      'node-forge accepts invalid signatures of public test vectors; it signs, inside packages/signing, and no more',
  },
  {
    name: 'nobody reaches into the sources of another workspace',
    in: /^(?:packages|services|device-agent|infra)\//,
    forbidden: /^@slipway\/[a-z-]+\/src\//,
    because: '`exports` of package.json is the public API of a package',
  },
  {
    name: 'the dashboard stands on the client and the protocol alone',
    in: /^packages\/dashboard\//,
    forbidden: /^@slipway\/(?!protocol|client)|^node:/,
    except: /\.(?:test|int)\.ts$|^packages\/dashboard\/src\/build\//,
    because:
      'it runs in browsers and can do nothing that the HTTP API cannot; what it lays out as reports do is in protocol/treemap',
  },
  {
    name: 'the builder never sees signing code',
    in: /^services\/builder\//,
    forbidden: /^@slipway\/signing|^node-forge/,
    because: 'who builds holds no keys',
  },
];

const PackageJson = z.looseObject({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const manifestOf = (path: string) =>
  PackageJson.parse(JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')));

const folders = ['packages', 'services', 'device-agent', 'infra', 'test'];
const edges = folders.flatMap((folder) => importsBelow(root, folder));

describe('imports point one way', () => {
  test('the scan sees the code', () => {
    expect(edges.length).toBeGreaterThan(100);
    expect(edges.some((edge) => edge.specifier === '@slipway/protocol')).toBe(true);
  });

  test.each(RULES)('$name', (rule) => {
    const broken = edges.filter(
      (edge) =>
        rule.in.test(edge.file) &&
        rule.except?.test(edge.file) !== true &&
        rule.forbidden.test(edge.specifier),
    );
    expect(broken, `${rule.name}, because ${rule.because}`).toEqual([]);
  });

  test('relative imports stay inside their workspace', () => {
    const workspaceOf = (path: string) =>
      /^(?:packages|services|infra)\/[^/]+|^device-agent|^test/.exec(path)?.[0];
    const broken = edges.filter(
      (edge) =>
        /^(?:packages|services|device-agent|infra|test|\.\.)/.test(edge.specifier) &&
        workspaceOf(edge.file) !== workspaceOf(edge.specifier),
    );
    expect(broken).toEqual([]);
  });

  test('every import of a workspace is declared in its package.json', () => {
    const workspaces = ['packages', 'services', 'infra']
      .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
      .concat('device-agent')
      .filter((path) => existsSync(join(root, path, 'package.json')));
    const rootManifest = manifestOf('.');
    const undeclared = workspaces.flatMap((path) => {
      const manifest = manifestOf(path);
      const known = new Set([
        manifest.name,
        ...Object.keys(manifest.dependencies),
        ...Object.keys(manifest.devDependencies),
        ...Object.keys(rootManifest.devDependencies),
      ]);
      return edges
        .filter(
          (edge) =>
            edge.file.startsWith(`${path}/`) &&
            !/^node:|^(?:packages|services|device-agent|infra|test)\//.test(edge.specifier),
        )
        .map((edge) => ({ file: edge.file, needs: /^(?:@[^/]+\/)?[^/]+/.exec(edge.specifier)?.[0] ?? '' }))
        .filter(({ needs }) => !known.has(needs));
    });
    expect(undeclared).toEqual([]);
  });
});
