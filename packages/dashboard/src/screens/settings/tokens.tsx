import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import { Panel } from '../../parts/panel.tsx';
import { TokenList } from './token-list.tsx';

export default function Tokens() {
  return (
    <Panel title="Tokens of everybody" isFlush>
      <TokenList isOfAll />
      <Text size="sm" c="dimmed" px="md" py="xs">
        Everybody makes their own, in their{' '}
        <Anchor component={Link} to="/settings/profile" size="sm" underline="always">
          profile
        </Anchor>
        .
      </Text>
    </Panel>
  );
}
