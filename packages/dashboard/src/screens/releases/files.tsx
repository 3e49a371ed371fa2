import { savedName, type Release } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { IconPackage } from '@tabler/icons-react';
import { api } from '../../api.ts';
import { ArtifactTable } from '../../parts/artifact-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Lines, Loaded } from '../../parts/loaded.tsx';
import { Panel } from '../../parts/panel.tsx';

/** The bundle, and the disk of the class in each format that was made of it. */
export const Files = ({ release }: { readonly release: Release }) => {
  const query = useQuery({
    queryKey: ['releases', 'artifacts', release.id],
    queryFn: ({ signal }) => api.releases.listArtifacts(release.id, { signal }),
  });
  return (
    <Panel title="Files" isFlush>
      <Loaded query={query} skeleton={<Lines count={3} />} title="The files could not be listed">
        {(artifacts) => (
          <ArtifactTable
            label="Files of the release"
            artifacts={artifacts}
            href={(name) => `/v1/releases/${release.id}/artifacts/${name}`}
            savedAs={(name) => savedName(release, name)}
            isBrief
            empty={
              <Empty icon={IconPackage} title="Nothing to download">
                The files of this release were removed, as retention says.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
};
