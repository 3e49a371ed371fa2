import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** Names and what they are, one a line. */
export const Facts = ({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) => (
  <Table verticalSpacing={5} horizontalSpacing={0} withRowBorders={false}>
    <Table.Tbody>
      {facts.map(([name, value]) => (
        <Table.Tr key={name}>
          <Table.Th scope="row" w={130} fw={400} c="dimmed" ta="left" style={{ verticalAlign: 'top' }}>
            {name}
          </Table.Th>
          <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
);
