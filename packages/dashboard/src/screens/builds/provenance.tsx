import { Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import type { Build } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconCertificate, IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { counted } from '../../parts/numbers.ts';
import { Panel } from '../../parts/panel.tsx';
import { kindOfDependency, parseStatement, type Statement } from './provenance-facts.ts';

const NAME = 'provenance.json';

/** What the image was made from, by whom, as the builder states it. */
export const Provenance = ({ build }: { readonly build: Build }) => {
  const isThere = build.artifacts.some(({ name }) => name === NAME);
  const statement = useQuery({
    queryKey: ['provenance', build.id],
    queryFn: async ({ signal }) =>
      parseStatement(await (await api.builds.getArtifact(build.id, NAME, { signal })).text()),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: isThere,
  });
  if (!isThere)
    return (
      <Panel title="Provenance">
        <Empty icon={IconCertificate} title="No provenance">
          What an image was made from is stated once it is built, and kept as long as its artifacts.
        </Empty>
      </Panel>
    );
  return (
    <Loaded query={statement} title="The provenance could not be read">
      {(read) => (
        <Stack gap="md">
          <About build={build} statement={read} />
          <Dependencies statement={read} />
        </Stack>
      )}
    </Loaded>
  );
};

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 1);

const About = ({ build, statement }: { readonly build: Build; readonly statement: Statement }) => {
  const { buildDefinition, runDetails } = statement.predicate;
  const rows = [
    ['Statement', statement.predicateType],
    ['Kind of build', buildDefinition.buildType],
    ['Builder', runDetails.builder.id],
    ...Object.entries(runDetails.builder.version ?? {}).map(([name, version]) => [
      `Version of ${name}`,
      version,
    ]),
    ...Object.entries(buildDefinition.externalParameters),
    ...Object.entries(buildDefinition.internalParameters),
    ...Object.entries(runDetails.metadata ?? {}),
  ] as const;
  return (
    <Panel
      title="Provenance"
      isFlush
      actions={
        <Button
          component="a"
          href={`/v1/builds/${build.id}/artifacts/${NAME}`}
          download
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} />}
        >
          in-toto statement
        </Button>
      }
    >
      <Table verticalSpacing={6} horizontalSpacing="md">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500} c="dimmed" fz="sm" w={160} style={{ verticalAlign: 'top' }}>
                {name}
              </Table.Th>
              <Table.Td fz="sm" style={{ overflowWrap: 'anywhere' }}>
                {typeof value === 'object' && value !== null ? (
                  <Code block>{shown(value)}</Code>
                ) : (
                  shown(value)
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
};

type Dependency = Statement['predicate']['buildDefinition']['resolvedDependencies'][number];
const FEW = 50;

const COLUMNS: readonly Column<Dependency>[] = [
  { id: 'kind', header: 'Kind', width: 150, from: 'sm', cell: ({ uri }) => kindOfDependency(uri) },
  {
    id: 'name',
    header: 'What',
    cell: ({ name, uri }) => (
      <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
        {uri ?? name}
      </Text>
    ),
  },
  {
    id: 'digest',
    header: 'SHA-256',
    from: 'md',
    cell: ({ digest, name, uri }) => {
      const sha = digest?.['sha256'];
      return sha === undefined ? (
        '–'
      ) : (
        <Copyable text={sha} shown={`${sha.slice(0, 12)}…`} what={`digest of ${name ?? uri ?? 'it'}`} />
      );
    },
  },
];

const Dependencies = ({ statement }: { readonly statement: Statement }) => {
  const [isAll, setAll] = useState(false);
  const { resolvedDependencies: all } = statement.predicate.buildDefinition;
  return (
    <Panel title={`Made from ${counted(all.length, 'thing')}`} isFlush>
      <DataTable
        label="What it was made from"
        columns={COLUMNS}
        rows={isAll ? all : all.slice(0, FEW)}
        rowKey={({ uri, name, digest }) => `${uri ?? ''} ${name ?? ''} ${digest?.['sha256'] ?? ''}`}
      />
      {isAll || all.length <= FEW ? null : (
        <Group justify="center" p="sm">
          <Button variant="default" size="xs" onClick={() => setAll(true)}>
            All {all.length}
          </Button>
        </Group>
      )}
    </Panel>
  );
};
