import { Box, Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { Failure } from '../parts/failure.tsx';

type CrashProps = {
  /** where it is: what failed in one place is forgotten in another */
  readonly place?: string;
  readonly children: ReactNode;
};
type CrashState = { readonly failed?: undefined | { readonly error: unknown } };

/** A fault of ours, or a part of a dashboard that has been replaced by a newer one since the page was opened. */
export class Crash extends Component<CrashProps, CrashState> {
  static getDerivedStateFromError = (error: unknown): CrashState => ({ failed: { error } });

  override state: CrashState = {};

  override componentDidUpdate({ place }: CrashProps): void {
    if (this.state.failed !== undefined && place !== this.props.place) this.setState({ failed: undefined });
  }

  override render(): ReactNode {
    if (this.state.failed === undefined) return this.props.children;
    return (
      <Box p="md">
        <Failure error={this.state.failed.error} title="This screen failed" />
        <Button mt="md" onClick={() => location.reload()}>
          Load the page anew
        </Button>
      </Box>
    );
  }
}
