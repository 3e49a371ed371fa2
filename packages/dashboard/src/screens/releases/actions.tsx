import { Button, Menu } from '@mantine/core';
import type { Release } from '@slipway/protocol';
import { IconArchive, IconBan, IconDots, IconDownload, IconRocket, IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api } from '../../api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useMay } from '../../session/session.tsx';
import { Publish } from './publish.tsx';
import { deprecateLines, withdrawLines, withdrawObstacle } from './use-lines.ts';

/** What can be done with a release in the state it is in. */
export const Actions = ({ release }: { readonly release: Release }) => {
  const mayRelease = useMay('release');
  const confirm = useConfirm();
  const navigate = useNavigate();
  const [isPublishing, setPublishing] = useState(false);
  const stale = ['releases', 'channels', 'rollouts'];
  const deprecate = useAction({
    run: () => api.releases.deprecate(release.id),
    done: `${release.version} is deprecated`,
    stale,
  });
  const withdraw = useAction({
    run: () => api.releases.withdraw(release.id),
    done: `${release.version} is withdrawn`,
    stale,
  });
  // What it would strike is asked at the moment, not when the page was opened.
  const look = useAction<'deprecate' | 'withdraw', void>({
    run: async (what) => {
      const use = await api.releases.getUse(release.id);
      const obstacle = what === 'withdraw' ? withdrawObstacle(use) : undefined;
      const [rollout] = use.rollouts;
      if (obstacle !== undefined && rollout !== undefined) {
        const isGoing = await confirm({
          title: `${release.version} cannot be withdrawn yet`,
          text: obstacle,
          action: 'Go to the rollout',
        });
        if (isGoing) void navigate(`/rollouts/${rollout.id}`);
        return;
      }
      const isSure = await confirm({
        title:
          what === 'deprecate' ? `Deprecate ${release.version}?` : `Withdraw ${release.version} for good?`,
        consequences: what === 'deprecate' ? deprecateLines(release, use) : withdrawLines(release, use),
        action: what === 'deprecate' ? 'Deprecate' : 'Withdraw',
        isDangerous: what === 'withdraw',
        ...(what === 'withdraw' ? { typed: release.version } : {}),
      });
      if (!isSure) return;
      if (what === 'deprecate') deprecate.mutate();
      else withdraw.mutate();
    },
  });
  const { state } = release;
  const isUsable = state === 'published' || state === 'deprecated';
  return (
    <>
      {mayRelease && isUsable ? (
        <Button
          component={Link}
          to={`/rollouts/new?release=${release.id}&step=1`}
          leftSection={<IconRocket size={16} />}
          variant={state === 'published' ? 'filled' : 'default'}
        >
          Roll out
        </Button>
      ) : null}
      {mayRelease && state !== 'withdrawn' ? (
        <Button
          variant={state === 'draft' ? 'filled' : 'default'}
          leftSection={<IconUpload size={16} />}
          onClick={() => setPublishing(true)}
        >
          {state === 'published' ? 'To a channel' : 'Publish'}
        </Button>
      ) : null}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={16} />} loading={look.isPending}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {state === 'withdrawn' ? null : (
            <Menu.Item
              component="a"
              href={`/v1/releases/${release.id}/bundle`}
              download
              leftSection={<IconDownload size={16} />}
            >
              Download the bundle
            </Menu.Item>
          )}
          {mayRelease && state === 'published' ? (
            <Menu.Item leftSection={<IconArchive size={16} />} onClick={() => look.mutate('deprecate')}>
              Deprecate …
            </Menu.Item>
          ) : null}
          {mayRelease && state !== 'withdrawn' ? (
            <Menu.Item
              color="red"
              leftSection={<IconBan size={16} />}
              onClick={() => look.mutate('withdraw')}
            >
              Withdraw …
            </Menu.Item>
          ) : null}
          <Menu.Item component={Link} to={`/builds/${release.build}`} leftSection={<IconDots size={16} />}>
            Its build
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {mayRelease ? (
        <Publish release={release} isOpen={isPublishing} close={() => setPublishing(false)} />
      ) : null}
    </>
  );
};
