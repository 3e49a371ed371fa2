import { Panel } from '../../parts/panel.tsx';
import { SessionList } from './session-list.tsx';

export default function Sessions() {
  return (
    <Panel title="Sessions of everybody" isFlush>
      <SessionList isOfAll />
    </Panel>
  );
}
