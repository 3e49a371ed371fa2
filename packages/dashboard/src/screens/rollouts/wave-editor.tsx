import {
  ActionIcon,
  Button,
  Card,
  Checkbox,
  Collapse,
  Group,
  Menu,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconAdjustments, IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { PRESETS, WAVE, type Typed, type WaveDraft, type Who } from './draft.ts';
import { NumberField } from './number-field.tsx';

const WHO: readonly { readonly value: Who; readonly label: string }[] = [
  { value: 'count', label: 'A number' },
  { value: 'percent', label: 'A share of all' },
  { value: 'query', label: 'A query' },
  { value: 'devices', label: 'Named devices' },
  { value: 'rest', label: 'Everybody else' },
];

type WaveEditorProps = {
  readonly waves: readonly WaveDraft[];
  readonly onChange: (waves: readonly WaveDraft[]) => void;
};

/** The waves in their order: who is in each, and what it must prove. */
export const WaveEditor = ({ waves, onChange }: WaveEditorProps) => {
  const replace = (at: number, wave: WaveDraft): void =>
    onChange(waves.map((one, n) => (n === at ? wave : one)));
  const move = (at: number, by: number): void => {
    const next = [...waves];
    const [wave] = next.splice(at, 1);
    if (wave !== undefined) next.splice(at + by, 0, wave);
    onChange(next);
  };
  const add = (): void => {
    const last = waves.at(-1);
    const shares = waves.flatMap(({ who, number }) => (who === 'percent' && number !== '' ? [number] : []));
    const next = { ...WAVE, number: Math.min(100, Math.max(10, ...shares.map((share) => share * 2))) };
    onChange(last?.who === 'rest' ? [...waves.slice(0, -1), next, last] : [...waves, next]);
  };
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" c="dimmed" maw={520}>
          Each wave begins once the one before has passed. Shares add up: 10 %, then 50 %, then everybody.
        </Text>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="xs">
              Begin from …
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {PRESETS.map(({ name, about, waves: preset }) => (
              <Menu.Item key={name} onClick={() => onChange(preset)}>
                <Text size="sm" fw={500}>
                  {name}
                </Text>
                <Text size="xs" c="dimmed">
                  {about}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Stack component="ol" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
        {waves.map((wave, at) => (
          <li key={at}>
            <WaveFields
              wave={wave}
              at={at}
              count={waves.length}
              onChange={(next) => replace(at, next)}
              onMove={(by) => move(at, by)}
              onRemove={() => onChange(waves.filter((_, n) => n !== at))}
            />
          </li>
        ))}
      </Stack>
      <Button
        variant="default"
        leftSection={<IconPlus size={16} />}
        onClick={add}
        disabled={waves.length >= 50}
        style={{ alignSelf: 'flex-start' }}
      >
        Add a wave
      </Button>
    </Stack>
  );
};

type WaveFieldsProps = {
  readonly wave: WaveDraft;
  readonly at: number;
  readonly count: number;
  readonly onChange: (wave: WaveDraft) => void;
  readonly onMove: (by: number) => void;
  readonly onRemove: () => void;
};

const hasMore = ({ successPercent, failureCount, failurePercent, maxInFlight }: WaveDraft): boolean =>
  [successPercent, failureCount, failurePercent, maxInFlight].some((value) => value !== '');

const WaveFields = ({ wave, at, count, onChange, onMove, onRemove }: WaveFieldsProps) => {
  const [isOpen, setOpen] = useState(hasMore(wave));
  const set = (change: Partial<WaveDraft>): void => onChange({ ...wave, ...change });
  const number = (name: keyof WaveDraft) => (value: Typed) => set({ [name]: value });
  return (
    <Card padding="sm" component="fieldset" style={{ minWidth: 0 }}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Text component="legend" fw={600} size="sm">
            Wave {at + 1}
          </Text>
          <Group gap={2}>
            <Tool
              label={`Move wave ${at + 1} up`}
              icon={IconArrowUp}
              onClick={() => onMove(-1)}
              off={at === 0}
            />
            <Tool
              label={`Move wave ${at + 1} down`}
              icon={IconArrowDown}
              onClick={() => onMove(1)}
              off={at === count - 1}
            />
            <Tool
              label={`Thresholds of wave ${at + 1}`}
              icon={IconAdjustments}
              onClick={() => setOpen(!isOpen)}
              isOpen={isOpen}
            />
            <Tool label={`Remove wave ${at + 1}`} icon={IconTrash} onClick={onRemove} off={count === 1} />
          </Group>
        </Group>
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="sm">
          <TextInput
            label="Name"
            placeholder="such as canary"
            maxLength={80}
            value={wave.name}
            onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          />
          <Select
            label="Who"
            allowDeselect={false}
            data={WHO}
            value={wave.who}
            onChange={(who) => set({ who: WHO.find(({ value }) => value === who)?.value ?? 'rest' })}
          />
          {wave.who === 'count' ? (
            <NumberField
              label="Devices"
              value={wave.number}
              onChange={number('number')}
              min={1}
              max={1_000_000}
            />
          ) : null}
          {wave.who === 'percent' ? (
            <NumberField
              label="Up to"
              unit="%"
              isDecimal
              value={wave.number}
              onChange={number('number')}
              min={0.001}
              max={100}
            />
          ) : null}
          <NumberField
            label="Soak"
            unit="min"
            isDecimal
            placeholder="as all"
            value={wave.soakMinutes}
            onChange={number('soakMinutes')}
            max={43_200}
          />
        </SimpleGrid>
        {wave.who === 'query' ? (
          <TextInput
            label="Query"
            placeholder="such as tag = canary"
            classNames={{ input: 'slipway-mono' }}
            value={wave.text}
            onChange={({ currentTarget }) => set({ text: currentTarget.value })}
          />
        ) : null}
        {wave.who === 'devices' ? (
          <Textarea
            label="Devices"
            placeholder="gate-1, gate-2"
            autosize
            minRows={1}
            maxRows={6}
            value={wave.text}
            onChange={({ currentTarget }) => set({ text: currentTarget.value })}
          />
        ) : null}
        <Checkbox
          label="Somebody else must approve before it begins"
          checked={wave.approval}
          onChange={({ currentTarget }) => set({ approval: currentTarget.checked })}
        />
        <Collapse expanded={isOpen}>
          <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="sm">
            <NumberField
              label="Passes at"
              unit="% healthy"
              isDecimal
              placeholder="all decided"
              value={wave.successPercent}
              onChange={number('successPercent')}
              max={100}
            />
            <NumberField
              label="Ends at"
              unit="failed"
              placeholder="as all"
              value={wave.failureCount}
              onChange={number('failureCount')}
              min={1}
            />
            <NumberField
              label="or"
              unit="% failed"
              isDecimal
              placeholder="as all"
              value={wave.failurePercent}
              onChange={number('failurePercent')}
              max={100}
            />
            <NumberField
              label="At once"
              unit="devices"
              placeholder="as all"
              value={wave.maxInFlight}
              onChange={number('maxInFlight')}
              min={1}
            />
          </SimpleGrid>
        </Collapse>
      </Stack>
    </Card>
  );
};

const Tool = ({
  label,
  icon: Icon,
  onClick,
  off = false,
  isOpen,
}: {
  readonly label: string;
  readonly icon: typeof IconPlus;
  readonly onClick: () => void;
  readonly off?: boolean;
  readonly isOpen?: boolean;
}) => (
  <Tooltip label={label}>
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      onClick={onClick}
      disabled={off}
      {...(isOpen === undefined ? {} : { 'aria-expanded': isOpen })}
    >
      <Icon size={16} />
    </ActionIcon>
  </Tooltip>
);
