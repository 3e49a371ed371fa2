import { Button, Checkbox, Divider, Popover, ScrollArea, Stack, Text } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { COLUMNS, USUAL_COLUMNS } from './columns.tsx';

type ColumnMenuProps = {
  readonly chosen: readonly string[];
  /** names of attributes that the fleet has */
  readonly attributes: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
};

export const ColumnMenu = ({ chosen, attributes, onChange }: ColumnMenuProps) => {
  const box = (id: string, label: string) => (
    <Checkbox
      key={id}
      size="xs"
      label={label}
      checked={chosen.includes(id)}
      onChange={() => onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id])}
    />
  );
  return (
    <Popover position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<IconColumns3 size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        <ScrollArea.Autosize mah={380} type="auto">
          <Stack gap={8} pr="md">
            {COLUMNS.filter(({ id }) => id !== 'id').map(({ id, label }) => box(id, label))}
            {attributes.length === 0 ? null : (
              <>
                <Divider />
                <Text size="xs" c="dimmed">
                  Attributes
                </Text>
              </>
            )}
            {attributes.map((name) => box(`attr.${name}`, name))}
          </Stack>
        </ScrollArea.Autosize>
        <Button variant="subtle" size="compact-xs" mt="sm" onClick={() => onChange(USUAL_COLUMNS)}>
          As usual
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
};
