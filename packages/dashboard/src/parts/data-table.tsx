import { Box, Skeleton, Table } from '@mantine/core';
import type { ReactNode } from 'react';

export type Column<Row> = {
  readonly id: string;
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'left' | 'right' | undefined;
  readonly width?: number | string | undefined;
  /** its words are never broken: for short ones; ids are, so that a table fits a telephone */
  readonly isWhole?: boolean;
  /** hidden below this width of the window, for what can be done without */
  readonly from?: 'xs' | 'sm' | 'md' | 'lg' | undefined;
};

type DataTableProps<Row> = {
  /** what is in it, for those who hear it */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** undefined: on their way */
  readonly rows: readonly Row[] | undefined;
  readonly rowKey: (row: Row) => string;
  readonly empty?: ReactNode;
  readonly skeletonRows?: number;
};

/** A table of some hundred rows at most; longer ones are drawn row by row as they come into sight. */
export const DataTable = <Row,>({
  label,
  columns,
  rows,
  rowKey,
  empty,
  skeletonRows = 6,
}: DataTableProps<Row>) => {
  if (rows?.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="region" aria-label={label}>
      <Table highlightOnHover verticalSpacing={7} aria-busy={rows === undefined}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ id, header, align, width, from }) => (
              <Table.Th key={id} ta={align} w={width} visibleFrom={from} scope="col">
                {header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows === undefined
            ? Array.from({ length: skeletonRows }, (_, at) => (
                <Table.Tr key={at}>
                  {columns.map(({ id, from }) => (
                    <Table.Td key={id} visibleFrom={from}>
                      <Skeleton height={18} />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))
            : rows.map((row) => (
                <Table.Tr key={rowKey(row)}>
                  {columns.map(({ id, cell, align, from, isWhole = false }) => (
                    <Table.Td key={id} ta={align} visibleFrom={from}>
                      <Box component="span" style={isWhole ? {} : { overflowWrap: 'anywhere' }}>
                        {cell(row)}
                      </Box>
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};
