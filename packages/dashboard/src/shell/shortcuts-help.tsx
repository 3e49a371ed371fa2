import { Group, Kbd, Modal, SimpleGrid, Text } from '@mantine/core';
import { usePlaces } from './navigation.tsx';

export default function ShortcutsHelp({ close }: { readonly close: () => void }) {
  const keys: readonly (readonly [string, readonly string[]])[] = [
    ['Search and commands', ['Ctrl', 'K']],
    ['These shortcuts', ['?']],
    ...usePlaces().map(({ place: { label, key } }) => [`Go to ${label}`, ['g', key]] as const),
  ];
  return (
    <Modal opened onClose={close} title="Keyboard shortcuts" size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        {keys.map(([text, pressed]) => (
          <Group key={text} justify="space-between">
            <Text size="sm">{text}</Text>
            <Group gap={4}>
              {pressed.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </SimpleGrid>
    </Modal>
  );
}
