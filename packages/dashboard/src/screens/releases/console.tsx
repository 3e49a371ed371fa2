import { Box, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useRef } from 'react';
import { api } from '../../api.ts';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { count } from '../../parts/numbers.ts';
import { useSearch } from '../../parts/use-search.ts';
import { consoleLines, kindOfLine, type LineKind } from './console-lines.ts';

const ROW_PX = 18;
const HEIGHT_PX = 420;

const INKS: Record<LineKind, string | undefined> = {
  bad: 'light-dark(#c92a2a, #ff8787)',
  slipway: 'var(--mantine-color-anchor)',
  plain: undefined,
};

/** What the virtual device printed while the release proved itself; lines are drawn as they come into sight. */
export const Console = ({ release, round }: { readonly release: string; readonly round: number }) => {
  const query = useQuery({
    queryKey: ['qualifications', 'console', release, round],
    queryFn: ({ signal }) => api.releases.getConsole(release, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={query} title="The console could not be read" skeleton={<Lines count={12} height={16} />}>
      {(text) => <Shown text={text} />}
    </Loaded>
  );
};

const Shown = ({ text }: { readonly text: string }) => {
  const [wanted, setWanted] = useSearch('find');
  const lines = useMemo(() => consoleLines(text).map((line, at) => ({ line, at })), [text]);
  const shown = useMemo(() => {
    const low = wanted.toLowerCase();
    return low === '' ? lines : lines.filter(({ line }) => line.toLowerCase().includes(low));
  }, [lines, wanted]);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <TextInput
          size="xs"
          aria-label="Find in the console"
          placeholder="Find"
          leftSection={<IconSearch size={14} />}
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
        />
        <Text size="xs" c="dimmed" role="status">
          {wanted === ''
            ? `${count(lines.length)} lines`
            : `${count(shown.length)} of ${count(lines.length)} lines`}
        </Text>
      </Group>
      <Box
        ref={scroller}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Console of the virtual device"
        mah={HEIGHT_PX}
        bg="light-dark(var(--mantine-color-gray-0), var(--mantine-color-dark-8))"
        p="xs"
        style={{ overflow: 'auto', borderRadius: 6, border: '1px solid var(--mantine-color-default-border)' }}
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative', minWidth: 'max-content' }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const row = shown[index];
            return row === undefined ? null : (
              <div
                key={row.at}
                className="slipway-mono"
                style={{
                  position: 'absolute',
                  top: start,
                  height: ROW_PX,
                  lineHeight: `${ROW_PX}px`,
                  fontSize: 12,
                  whiteSpace: 'pre',
                  color: INKS[kindOfLine(row.line)],
                }}
              >
                <Text span inherit c="dimmed" style={{ userSelect: 'none' }}>
                  {String(row.at + 1).padStart(5)}{' '}
                </Text>
                {row.line}
              </div>
            );
          })}
        </div>
      </Box>
    </Stack>
  );
};
