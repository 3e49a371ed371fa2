import { Box, Checkbox, Text, Tooltip, UnstyledButton } from '@mantine/core';
import type { Device, DeviceId, DeviceSort } from '@slipway/protocol';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useRef } from 'react';
import type { DeviceColumn } from './columns.tsx';
import { isSelected, type Selection } from './selection.ts';
import { useDeviceRows, type Asked } from './use-device-rows.ts';

const ROW_PX = 38;
const CHECK_PX = 44;
const OVERSCAN = 12;

type GridProps = {
  readonly asked: Asked;
  readonly total: number;
  readonly columns: readonly DeviceColumn[];
  readonly onSort: (sort: DeviceSort) => void;
  readonly selection: Selection;
  /** undefined: nothing can be done with what is selected */
  readonly select:
    | { readonly toggle: (id: DeviceId) => void; readonly all: () => void; readonly clear: () => void }
    | undefined;
  readonly height: string;
};

type RowProps = {
  readonly device: Device | undefined;
  readonly at: number;
  readonly top: number;
  readonly columns: readonly DeviceColumn[];
  readonly template: string;
  readonly isChosen: boolean;
  readonly isFixed: boolean;
  readonly toggle: ((id: DeviceId) => void) | undefined;
};

const Row = memo(({ device, at, top, columns, template, isChosen, isFixed, toggle }: RowProps) => (
  <div
    role="row"
    aria-rowindex={at + 2}
    data-selected={isChosen}
    className="slipway-grid-row"
    style={{ gridTemplateColumns: template, transform: `translateY(${top}px)` }}
  >
    {toggle === undefined ? null : (
      <div role="cell" className="slipway-grid-cell">
        {device === undefined ? null : (
          <input
            type="checkbox"
            className="slipway-check"
            aria-label={`Select ${device.id}`}
            checked={isChosen}
            disabled={isFixed}
            onChange={() => toggle(device.id)}
          />
        )}
      </div>
    )}
    {columns.map(({ id, cell, align }) => (
      <div key={id} role="cell" className="slipway-grid-cell" data-align={align}>
        {device === undefined ? <span className="slipway-ghost" /> : cell(device)}
      </div>
    ))}
  </div>
));

const Head = ({
  asked,
  columns,
  onSort,
  template,
  selection,
  select,
}: Omit<GridProps, 'total' | 'height'> & { readonly template: string }) => {
  const isSome = selection.kind === 'some' && selection.ids.size > 0;
  return (
    <div
      role="row"
      aria-rowindex={1}
      className="slipway-grid-row slipway-grid-head"
      style={{ gridTemplateColumns: template }}
    >
      {select === undefined ? null : (
        <div role="columnheader" className="slipway-grid-cell">
          <Tooltip label={selection.kind === 'all' || isSome ? 'Select none' : 'Select all that are found'}>
            <Checkbox
              size="xs"
              aria-label="Select all devices that are found"
              checked={selection.kind === 'all'}
              indeterminate={isSome}
              onChange={() => (selection.kind === 'all' || isSome ? select.clear() : select.all())}
            />
          </Tooltip>
        </div>
      )}
      {columns.map(({ id, label, sort, align }) => {
        const isBy = sort !== undefined && sort === asked.sort;
        const Arrow = asked.order === 'asc' ? IconArrowUp : IconArrowDown;
        return (
          <div
            key={id}
            role="columnheader"
            className="slipway-grid-cell"
            data-align={align}
            aria-sort={isBy ? (asked.order === 'asc' ? 'ascending' : 'descending') : undefined}
          >
            {sort === undefined ? (
              label
            ) : (
              <UnstyledButton className="slipway-sort" fz={14} onClick={() => onSort(sort)}>
                {label}
                {isBy ? <Arrow size={14} aria-hidden /> : null}
              </UnstyledButton>
            )}
          </div>
        );
      })}
    </div>
  );
};

/** A table of any length: only rows in sight are drawn and asked for. */
export const DeviceGrid = (props: GridProps) => {
  const { asked, total, columns, selection, select, height } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const items = virtualizer.getVirtualItems();
  const rowAt = useDeviceRows(asked, items[0]?.index ?? 0, items.at(-1)?.index ?? 0, total);
  const widths = columns.map(({ width }) => `minmax(${width}px, ${width}fr)`).join(' ');
  const template = select === undefined ? widths : `${CHECK_PX}px ${widths}`;
  const least = columns.reduce((sum, { width }) => sum + width, select === undefined ? 0 : CHECK_PX);
  return (
    <Box
      ref={scroller}
      className="slipway-grid"
      role="table"
      aria-label="Devices"
      aria-rowcount={total + 1}
      tabIndex={0}
      h={height}
    >
      <div style={{ minWidth: least }}>
        <Head {...props} template={template} />
        <div className="slipway-grid-body" role="rowgroup" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const device = rowAt(index);
            return (
              <Row
                key={index}
                device={device}
                at={index}
                top={start}
                columns={columns}
                template={template}
                isChosen={device !== undefined && isSelected(selection, device.id)}
                isFixed={selection.kind === 'all'}
                toggle={select?.toggle}
              />
            );
          })}
        </div>
      </div>
      {total === 0 ? (
        <Text size="sm" c="dimmed" ta="center" py="xl">
          No device is found by this query.
        </Text>
      ) : null}
    </Box>
  );
};
