import { MultiSelect } from '@mantine/core';
import { OutputFormat } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.ts';
import { besideBundle } from './beside-bundle.ts';

/** The bundle comes with every build, and `raw-efi` is another name of the disk. */
const FORMATS = OutputFormat.exclude(['bundle', 'raw-efi']).options;

type OutputsFieldProps = {
  readonly outputs: readonly OutputFormat[];
  readonly set: (outputs: readonly OutputFormat[]) => void;
  /** of the image repository of the server; undefined: none is chosen, or one of a git source */
  readonly deviceClass: string | undefined;
};

/** In which formats the disk of one build is made, in place of those that its class names. */
export const OutputsField = ({ outputs, set, deviceClass }: OutputsFieldProps) => {
  const named = useQuery({
    queryKey: ['device-classes', 'one', deviceClass],
    queryFn: ({ signal }) => api.deviceClasses.get(deviceClass ?? '', { signal }),
    enabled: deviceClass !== undefined,
  });
  const usual =
    deviceClass === undefined || named.data === undefined ? '' : `: ${besideBundle(named.data.outputs)}`;
  return (
    <MultiSelect
      label="Beside the bundle"
      description={
        outputs.length === 0
          ? `Left out: what the class file names${usual}`
          : `In place of what the class file names${usual}. Makes ${besideBundle(outputs)}`
      }
      data={FORMATS}
      value={[...outputs]}
      onChange={(chosen) => set(OutputFormat.options.filter((format) => chosen.includes(format)))}
      placeholder={outputs.length === 0 ? 'As the class file says' : ''}
      clearable
    />
  );
};
