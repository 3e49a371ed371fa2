import { Button, Group, Menu, Text } from '@mantine/core';
import type { QueryField } from '@slipway/protocol';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { counted } from '../../parts/numbers.ts';
import { BULK, type BulkItem } from './bulk-actions.ts';
import { BulkDialog } from './bulk-dialog.tsx';
import type { Selection } from './selection.ts';

type BulkBarProps = {
  readonly selection: Selection;
  readonly query: string;
  readonly total: number;
  readonly fields: readonly QueryField[];
  readonly clear: () => void;
};

const SECTIONS = [
  ['organise', 'Organise'],
  ['command', 'Command'],
  ['enrolment', 'Enrolment'],
] as const;

/** What can be done with the devices that are selected. */
export const BulkBar = ({ selection, query, total, fields, clear }: BulkBarProps) => {
  const [chosen, setChosen] = useState<BulkItem>();
  const many = selection.kind === 'all' ? total : selection.ids.size;
  return (
    <Group gap="xs" role="toolbar" aria-label="What to do with the selected devices">
      <Text size="sm" fw={600} role="status">
        {selection.kind === 'all'
          ? `All ${counted(many, 'device')} that are found`
          : `${counted(many, 'device')} selected`}
      </Text>
      {SECTIONS.map(([section, label]) => (
        <Menu key={section} shadow="md" position="bottom-start">
          <Menu.Target>
            <Button variant="default" size="xs" rightSection={<IconChevronDown size={14} />}>
              {label}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {BULK.filter((item) => item.section === section).map((item) => (
              <Menu.Item
                key={item.id}
                color={item.isDangerous === true ? 'red' : undefined}
                onClick={() => setChosen(item)}
              >
                {item.label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      ))}
      <Button variant="subtle" size="xs" onClick={clear}>
        Clear
      </Button>
      {chosen === undefined ? null : (
        <BulkDialog
          item={chosen}
          selection={selection}
          query={query}
          fields={fields}
          close={() => setChosen(undefined)}
        />
      )}
    </Group>
  );
};
