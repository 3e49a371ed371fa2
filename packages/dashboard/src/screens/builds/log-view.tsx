import './log.css';
import { ActionIcon, Box, Button, Group, Loader, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { Build } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconArrowDown, IconArrowUp, IconDownload, IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api.ts';
import { Failure } from '../../parts/failure.tsx';
import { count, counted } from '../../parts/numbers.ts';
import { useSearch } from '../../parts/use-search.ts';
import { markRuns, parseAnsi } from './ansi.ts';
import { useLog, type LogLine } from './use-log.ts';

const LINE_PX = 20;

/** The log of a build: any length, searched by the server, followed while it is written. */
export const LogView = ({ build }: { readonly build: Build }) => {
  const log = useLog(build);
  const [chosen, setChosen] = useSearch('line');
  const [wanted, setWanted] = useSearch('find');
  const [isFollowing, setFollowing] = useState(!log.isOver && chosen === '');
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: log.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30,
  });
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => {
    if (log.total > 0) log.load(first, last);
  });
  useEffect(() => {
    if (isFollowing && log.total > 0) rows.scrollToIndex(log.total - 1, { align: 'end' });
  }, [rows, isFollowing, log.total]);

  const chosenLine = /^\d+$/.test(chosen) ? Number(chosen) - 1 : undefined;
  const goTo = (line: number): void => {
    setFollowing(false);
    setChosen(String(line + 1));
    rows.scrollToIndex(line, { align: 'center' });
  };
  const { isReady } = log;
  useEffect(() => {
    if (isReady && chosenLine !== undefined) rows.scrollToIndex(chosenLine, { align: 'center' });
    // Only at first: afterwards whoever looks scrolls.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isReady]);

  const [asked] = useDebouncedValue(wanted.trim(), 250);
  const matches = useQuery({
    queryKey: ['log', build.id, 'matches', asked, log.isOver ? 0 : log.total],
    queryFn: ({ signal }) => api.builds.findLogLines(build.id, { text: asked }, { signal }),
    enabled: asked !== '',
    placeholderData: (before) => before,
  });
  const found = asked === '' ? [] : (matches.data?.lines ?? []);
  const at = chosenLine === undefined ? -1 : found.indexOf(chosenLine);
  const step = (by: 1 | -1): void => {
    const from = chosenLine ?? (by === 1 ? -1 : Number.POSITIVE_INFINITY);
    const next =
      by === 1
        ? (found.find((line) => line > from) ?? found[0])
        : (found.findLast((line) => line < from) ?? found.at(-1));
    if (next !== undefined) goTo(next);
  };

  return (
    <Box>
      <Group gap="xs" p="sm" justify="space-between">
        <Group gap={4} wrap="nowrap">
          <TextInput
            aria-label="Find in the log"
            placeholder="Find in the log"
            size="xs"
            w={220}
            leftSection={<IconSearch size={14} />}
            value={wanted}
            onChange={({ currentTarget }) => setWanted(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
            }}
          />
          <Tooltip label="Match before (Shift+Enter)">
            <ActionIcon
              variant="default"
              aria-label="Match before"
              disabled={found.length === 0}
              onClick={() => step(-1)}
            >
              <IconArrowUp size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Next match (Enter)">
            <ActionIcon
              variant="default"
              aria-label="Next match"
              disabled={found.length === 0}
              onClick={() => step(1)}
            >
              <IconArrowDown size={14} />
            </ActionIcon>
          </Tooltip>
          <Text size="xs" c="dimmed" role="status" miw={90}>
            {asked === ''
              ? ''
              : matches.data === undefined
                ? 'searching …'
                : at === -1
                  ? counted(matches.data.total, 'line')
                  : `${count(at + 1)} of ${count(matches.data.total)}`}
          </Text>
        </Group>
        <Group gap="sm">
          <Text size="xs" c="dimmed">
            {counted(log.total, 'line')}
          </Text>
          {log.isOver ? null : (
            <Switch
              size="xs"
              label="Follow"
              checked={isFollowing}
              onChange={({ currentTarget }) => setFollowing(currentTarget.checked)}
            />
          )}
          <Button
            component="a"
            href={`/v1/builds/${build.id}/log`}
            target="_blank"
            rel="noreferrer"
            variant="default"
            size="xs"
            leftSection={<IconDownload size={14} />}
          >
            Whole log
          </Button>
        </Group>
      </Group>
      {log.error === null || log.error === undefined ? null : (
        <Failure error={log.error} title="The log could not be read" />
      )}
      <div
        ref={scroller}
        className="build-log"
        role="log"
        aria-live="off"
        aria-label="Log of the build"
        tabIndex={0}
        onWheel={({ deltaY }) => {
          if (deltaY < 0) setFollowing(false);
        }}
        onKeyDown={({ key }) => {
          if (['ArrowUp', 'PageUp', 'Home'].includes(key)) setFollowing(false);
        }}
      >
        {!log.isReady ? (
          <Group p="md" justify="center">
            <Loader size="sm" aria-label="Reading the log" />
          </Group>
        ) : log.total === 0 ? (
          <Text p="md" c="dimmed" size="sm">
            {log.isOver
              ? 'This build has no log any more.'
              : 'Nothing yet: a worker writes here once it has begun.'}
          </Text>
        ) : (
          <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
            {shown.map(({ index, start }) => (
              <Line
                key={index}
                number={index}
                top={start}
                line={log.line(index)}
                wanted={asked}
                isChosen={index === chosenLine}
                choose={() => setChosen(index === chosenLine ? '' : String(index + 1))}
              />
            ))}
          </div>
        )}
      </div>
    </Box>
  );
};

type LineProps = {
  readonly number: number;
  readonly top: number;
  readonly line: LogLine | undefined;
  readonly wanted: string;
  readonly isChosen: boolean;
  readonly choose: () => void;
};

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const Line = ({ number, top, line, wanted, isChosen, choose }: LineProps) => (
  <div
    className="build-log-line"
    data-step={line?.step ?? false}
    data-chosen={isChosen}
    style={{ transform: `translateY(${top}px)` }}
  >
    <button
      type="button"
      className="build-log-number"
      tabIndex={-1}
      onClick={choose}
      aria-label={`Line ${number + 1}`}
    >
      {number + 1}
    </button>
    <span className="build-log-at" title={line?.at}>
      {line === undefined || line.at === '' ? '' : TIME.format(new Date(line.at))}
    </span>
    <span>
      {line === undefined
        ? ''
        : markRuns(parseAnsi(line.text), wanted).map((run, at) => {
            const style = styleOf(run);
            return run.isMatch ? (
              <mark key={at} style={style}>
                {run.text}
              </mark>
            ) : (
              <span key={at} style={style}>
                {run.text}
              </span>
            );
          })}
    </span>
  </div>
);

/** Each read on light and on dark ground. */
const COLORS = [
  'light-dark(#343a40, #adb5bd)',
  'light-dark(#b02525, #ff8787)',
  'light-dark(#237032, #69db7c)',
  'light-dark(#7a5300, #ffd43b)',
  'light-dark(#1864ab, #74c0fc)',
  'light-dark(#862e9c, #e599f7)',
  'light-dark(#0b6b78, #66d9e8)',
  'light-dark(#495057, #dee2e6)',
];

const styleOf = ({ color, isBold, isDim }: { color?: number; isBold?: boolean; isDim?: boolean }) => ({
  ...(color === undefined ? {} : { color: COLORS[color % 8] }),
  ...(isBold === true ? { fontWeight: 700 } : {}),
  ...(isDim === true ? { opacity: 0.75 } : {}),
});
