import { ActionIcon, Anchor, Box, Code, Skeleton, Table, Text } from '@mantine/core';
import type { AuditEntry } from '@slipway/protocol';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Fragment, type ReactNode } from 'react';
import { Link } from 'react-router';
import { Copyable } from '../../parts/copyable.tsx';
import { Time } from '../../parts/time.tsx';
import { useSearch } from '../../parts/use-search.ts';
import { placeOf } from './subject.ts';

type EntriesProps = { readonly entries: readonly AuditEntry[] | undefined; readonly empty: ReactNode };

/** Entries, newest first; one of them may be opened, and is then in the address. */
export const Entries = ({ entries, empty }: EntriesProps) => {
  const [open, setOpen] = useSearch('entry');
  if (entries?.length === 0) return <>{empty}</>;
  return (
    <Table.ScrollContainer
      minWidth={0}
      type="native"
      tabIndex={0}
      role="region"
      aria-label="Entries of the log"
    >
      <Table highlightOnHover verticalSpacing={6} aria-busy={entries === undefined}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>
              <span className="slipway-hidden">Details</span>
            </Table.Th>
            <Table.Th w={150}>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th visibleFrom="sm">On what</Table.Th>
            <Table.Th visibleFrom="lg">Details</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries === undefined
            ? Array.from({ length: 12 }, (_, at) => (
                <Table.Tr key={at}>
                  <Table.Td colSpan={6}>
                    <Skeleton height={20} />
                  </Table.Td>
                </Table.Tr>
              ))
            : entries.map((entry) => {
                const id = String(entry.sequence);
                const isOpen = open === id;
                return (
                  <Fragment key={id}>
                    <Row entry={entry} isOpen={isOpen} toggle={() => setOpen(isOpen ? '' : id)} />
                    {isOpen ? <Details entry={entry} /> : null}
                  </Fragment>
                );
              })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};

type RowProps = { readonly entry: AuditEntry; readonly isOpen: boolean; readonly toggle: () => void };

const Row = ({ entry, isOpen, toggle }: RowProps) => {
  const { sequence, at, actor, action, details } = entry;
  return (
    <Table.Tr>
      <Table.Td>
        <ActionIcon
          variant="subtle"
          size="sm"
          aria-expanded={isOpen}
          aria-label={`${isOpen ? 'Hide' : 'Show'} entry ${sequence}`}
          onClick={toggle}
        >
          {isOpen ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
        </ActionIcon>
      </Table.Td>
      <Table.Td>
        <Time value={at} />
      </Table.Td>
      <Table.Td miw={64} style={{ overflowWrap: 'anywhere' }}>
        {actor}
      </Table.Td>
      <Table.Td>
        <Text span size="sm" className="slipway-mono">
          {action}
        </Text>
        <Box hiddenFrom="sm" style={{ overflowWrap: 'anywhere' }}>
          <Subject entry={entry} />
        </Box>
      </Table.Td>
      <Table.Td visibleFrom="sm" style={{ overflowWrap: 'anywhere' }}>
        <Subject entry={entry} />
      </Table.Td>
      <Table.Td visibleFrom="lg" maw={420}>
        <Text size="sm" c="dimmed" truncate>
          {summaryOf(details)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
};

const Subject = ({ entry }: { readonly entry: AuditEntry }) => {
  const place = placeOf(entry);
  const text = entry.subject.length > 40 ? `${entry.subject.slice(0, 16)}…` : entry.subject;
  return place === undefined ? (
    <Text span size="sm" title={entry.subject}>
      {text}
    </Text>
  ) : (
    <Anchor component={Link} to={place} size="sm" title={entry.subject}>
      {text}
    </Anchor>
  );
};

/** `role operator, name bert` */
const summaryOf = (details: AuditEntry['details']): string =>
  Object.entries(details)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

const Details = ({ entry }: { readonly entry: AuditEntry }) => (
  <Table.Tr>
    <Table.Td />
    <Table.Td colSpan={5}>
      <Table withRowBorders={false} verticalSpacing={3} aria-label={`Entry ${entry.sequence}`}>
        <Table.Tbody>
          <Fact name="entry">{entry.sequence}</Fact>
          <Fact name="at">
            <Time value={entry.at} as="local" />
          </Fact>
          <Fact name="subject">
            <Copyable text={entry.subject} what="the subject" />
          </Fact>
          {Object.entries(entry.details).map(([name, value]) => (
            <Fact key={name} name={name}>
              {typeof value === 'string' ? value : <Code>{JSON.stringify(value)}</Code>}
            </Fact>
          ))}
          <Fact name="hash">
            <Copyable text={entry.hash} shown={`${entry.hash.slice(0, 16)}…`} what="the hash" />
          </Fact>
          <Fact name="hash of the one before">
            <Copyable
              text={entry.previous}
              shown={`${entry.previous.slice(0, 16)}…`}
              what="the hash before"
            />
          </Fact>
        </Table.Tbody>
      </Table>
    </Table.Td>
  </Table.Tr>
);

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <Table.Tr>
    <Table.Th scope="row" w={180} fw={500} c="dimmed">
      {name}
    </Table.Th>
    <Table.Td style={{ overflowWrap: 'anywhere' }}>{children}</Table.Td>
  </Table.Tr>
);
